public import Contracts
import JSON
public import TLS

/// What an access token says (RFC 9068, with EdDSA of RFC 8037).
struct AccessClaims: Codable {
    var iss: String
    var aud: String
    var sub: Identifier<Person>
    var exp: Int
    var iat: Int
    var email: String
    var tenant: String
    var role: Role
}

private struct TokenHeader: Codable {
    var alg: String
    var typ: String
    var kid: String
}

/// What all tokens of one installation have in common.
public enum TokenProfile {
    static let issuer = "sonde"
    static let audience = "sonde-api"
    static let type = "at+jwt"
    /// Seconds an access token is good for.
    public static let lifetimeSeconds = 300
    /// Seconds by which clocks may differ.
    static let skewSeconds = 30
    static let maximumBytes = 4_096
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
    public func token(for person: Person, now: Int) throws -> String {
        let header = TokenHeader(alg: "EdDSA", typ: TokenProfile.type, kid: keyID)
        let claims = AccessClaims(
            iss: TokenProfile.issuer,
            aud: TokenProfile.audience,
            sub: person.id,
            exp: now + TokenProfile.lifetimeSeconds,
            iat: now,
            email: person.email,
            tenant: person.tenant,
            role: person.role
        )
        let text = Base64URL.encode(try encodeJSON(header)) + "." + Base64URL.encode(try encodeJSON(claims))
        return text + "." + Base64URL.encode(try key.signature(of: Array(text.utf8)))
    }
}

/// Why a token is refused; the caller is told no more than that it is.
public struct TokenError: Error, Equatable, Sendable {
    public enum Code: Sendable {
        case malformed
        case unknownKey
        case signature
        case claims
        case expired
    }

    public var code: Code

    init(_ code: Code) {
        self.code = code
    }
}

/// Verifies access tokens with a set of public keys.
public struct TokenVerifier: Sendable {
    private let keys: [String: PublicKey]

    /// Keys that are no Ed25519 signing keys are passed over.
    public init(_ set: KeySet) {
        var keys: [String: PublicKey] = [:]
        for key in set.keys where key.kty == "OKP" && key.crv == "Ed25519" && key.alg == "EdDSA" {
            keys[key.kid] = Base64URL.decode(key.x).flatMap { try? PublicKey(ed25519: $0) }
        }
        self.keys = keys
    }

    /// Who the token belongs to, and until when it is good, in seconds since 1970.
    public func verify(_ token: String, now: Int) throws(TokenError) -> (person: Person, expires: Int) {
        guard token.utf8.count <= TokenProfile.maximumBytes else { throw TokenError(.malformed) }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let header = try? decodeJSON(TokenHeader.self, from: head),
            let members = try? JSONValue(json: head)
        else { throw TokenError(.malformed) }
        // An extension that must be understood is not understood here (RFC 7515, section 4.1.11), not even as null.
        guard header.alg == "EdDSA", header.typ == TokenProfile.type, members["crit"] == nil, members["b64"] == nil
        else { throw TokenError(.malformed) }
        guard let key = keys[header.kid] else { throw TokenError(.unknownKey) }
        let signed = Array(token.utf8.dropLast(parts[2].utf8.count + 1))
        guard key.isValid(signature: signature, of: signed) else { throw TokenError(.signature) }
        // Read only now: nothing of an unsigned text is believed.
        guard let claims = try? decodeJSON(AccessClaims.self, from: body) else { throw TokenError(.claims) }
        return (try person(claims, now: now), claims.exp)
    }

    private func person(_ claims: AccessClaims, now: Int) throws(TokenError) -> Person {
        guard claims.iss == TokenProfile.issuer, claims.aud == TokenProfile.audience,
            (0...now + TokenProfile.skewSeconds).contains(claims.iat), claims.exp > claims.iat,
            claims.exp - claims.iat <= TokenProfile.lifetimeSeconds
        else { throw TokenError(.claims) }
        guard claims.exp + TokenProfile.skewSeconds > now else { throw TokenError(.expired) }
        return Person(id: claims.sub, email: claims.email, tenant: claims.tenant, role: claims.role)
    }
}
