public import Contracts
import JSON
public import JSONRPC
public import TLS

/// What an access token gives: to act as a person, with no more than some scopes.
public struct AccessGrant: Equatable, Sendable {
    public var person: Person
    /// Grows whenever something about the person changes that older tokens must not outlive.
    public var version: Int
    /// `nil`: all that the role allows.
    public var scopes: [Scope]?

    public init(person: Person, version: Int = 0, scopes: [Scope]? = nil) {
        self.person = person
        self.version = version
        self.scopes = scopes
    }

    /// Throws `permissionDenied` unless the role and the scopes cover a method that people with `access` may call.
    public func require(_ method: RPCDescriptor, _ access: RPCAccess) throws(RPCError) {
        guard person.mayUse(access) else {
            throw RPCError(.permissionDenied, "\(method.name) needs the role \(access.rawValue)")
        }
        guard scopes?.contains(where: { $0.allows(method) }) ?? true else {
            throw RPCError(.permissionDenied, "the token's scopes do not cover \(method.name)")
        }
    }
}

/// What an access token says (RFC 9068, with EdDSA of RFC 8037).
struct AccessClaims: Codable {
    var iss: String
    var aud: String
    var sub: PersonID
    var exp: Int
    var iat: Int
    /// Not before; ours never say it.
    var nbf: Int?
    var jti: Identifier<AccessGrant>
    /// The sign-in, or the API token.
    var sid: LoginID
    /// The person's version.
    var ver: Int
    var email: String
    var tenant: TenantID
    var role: Role
    /// Scopes with a space between two (RFC 8693, section 4.2).
    var scope: String?
    var `operator`: Bool?
}

struct TokenHeader: Codable {
    var alg: String
    var typ: String
    var kid: String

    /// The header of what a key signs.
    init(keyID: String) {
        alg = "EdDSA"
        typ = TokenProfile.type
        kid = keyID
    }
}

/// What all tokens of one installation have in common.
public enum TokenProfile {
    static let issuer = "sonde"
    static let audience = "sonde-api"
    static let type = "at+jwt"
    /// Seconds an access token is good for.
    public static let lifetimeSeconds = 300
    /// Seconds by which clocks may differ.
    public static let skewSeconds = 30
    static let maximumBytes = 8_192
}

/// Signs access tokens.
public struct TokenSigner: Sendable {
    private let key: PrivateKey
    /// Names the key; made from its public half.
    public let keyID: String

    public init(_ key: PrivateKey) throws(TLSError) {
        self.key = key
        keyID = Base64URL.encode(Array(sha256(try key.publicBytes()).prefix(12)))
    }

    /// What others verify with.
    public func publicKey() throws(TLSError) -> KeySet.Key {
        KeySet.Key(kid: keyID, x: Base64URL.encode(try key.publicBytes()))
    }

    /// `now` in seconds since 1970.
    public func token(for grant: AccessGrant, now: Int) throws -> String {
        let person = grant.person
        let header = TokenHeader(keyID: keyID)
        let claims = AccessClaims(
            iss: TokenProfile.issuer,
            aud: TokenProfile.audience,
            sub: person.id,
            exp: now + TokenProfile.lifetimeSeconds,
            iat: now,
            jti: .make(),
            sid: person.login ?? .make(),
            ver: grant.version,
            email: person.email,
            tenant: person.tenant,
            role: person.role,
            scope: grant.scopes.map { $0.map(\.rawValue).joined(separator: " ") },
            operator: person.isOperator ? true : nil
        )
        let text = Base64URL.encode(try encodeJSON(header)) + "." + Base64URL.encode(try encodeJSON(claims))
        return text + "." + Base64URL.encode(try key.signature(of: Array(text.utf8)))
    }

    /// A token for all that a person may do.
    public func token(for person: Person, now: Int) throws -> String {
        try token(for: AccessGrant(person: person), now: now)
    }
}
