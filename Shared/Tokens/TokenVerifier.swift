public import Contracts
import JSON
import TLS

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
    /// The same keys by the first part of what our signer signs with them: that need not be read each time.
    private let heads: [Substring: PublicKey]

    /// Keys that are no Ed25519 signing keys are passed over.
    public init(_ set: KeySet) {
        var keys: [String: PublicKey] = [:]
        for key in set.keys where key.kty == "OKP" && key.crv == "Ed25519" && key.alg == "EdDSA" {
            keys[key.kid] = Base64URL.decode(key.x).flatMap { try? PublicKey(ed25519: $0) }
        }
        self.keys = keys
        heads = Dictionary(
            keys.compactMap { kid, key in
                guard let header = try? encodeJSON(TokenHeader(keyID: kid)) else { return nil }
                return (Base64URL.encode(header)[...], key)
            }
        ) { first, _ in first }
    }

    /// What the token gives, and until when, in seconds since 1970.
    public func verify(_ token: String, now: Int) throws(TokenError) -> (grant: AccessGrant, expires: Int) {
        guard token.utf8.count <= TokenProfile.maximumBytes else { throw TokenError(.malformed) }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let body = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2])
        else { throw TokenError(.malformed) }
        let key = if let known = heads[parts[0]] { known } else { try self.key(of: parts[0]) }
        let signed = Array(token.utf8.dropLast(parts[2].utf8.count + 1))
        guard key.isValid(signature: signature, of: signed) else { throw TokenError(.signature) }
        // Read only now: nothing of an unsigned text is believed.
        guard let claims = try? decodeJSON(AccessClaims.self, from: body) else { throw TokenError(.claims) }
        try check(claims, now: now)
        return (grant(claims), claims.exp)
    }

    /// The key that a header names, which may say more than ours.
    private func key(of head: Substring) throws(TokenError) -> PublicKey {
        guard let head = Base64URL.decode(head), let header = try? decodeJSON(TokenHeader.self, from: head),
            let members = try? JSONValue(json: head)
        else { throw TokenError(.malformed) }
        // An extension that must be understood is not understood here (RFC 7515, section 4.1.11), not even as null.
        guard header.alg == "EdDSA", header.typ == TokenProfile.type, members["crit"] == nil, members["b64"] == nil
        else { throw TokenError(.malformed) }
        guard let key = keys[header.kid] else { throw TokenError(.unknownKey) }
        return key
    }

    private func check(_ claims: AccessClaims, now: Int) throws(TokenError) {
        let latest = now + TokenProfile.skewSeconds
        guard claims.iss == TokenProfile.issuer, claims.aud == TokenProfile.audience,
            (0...latest).contains(claims.iat), claims.nbf ?? 0 <= latest, claims.exp > claims.iat,
            claims.exp <= claims.iat + TokenProfile.lifetimeSeconds, claims.ver >= 0
        else { throw TokenError(.claims) }
        guard claims.exp + TokenProfile.skewSeconds > now else { throw TokenError(.expired) }
    }

    private func grant(_ claims: AccessClaims) -> AccessGrant {
        let person = Person(
            id: claims.sub,
            email: claims.email,
            tenant: claims.tenant,
            role: claims.role,
            isOperator: claims.operator ?? false,
            login: claims.sid
        )
        // A scope that is not known here allows nothing here.
        let scopes = claims.scope.map { $0.split(separator: " ").compactMap { Scope(rawValue: String($0)) } }
        return AccessGrant(person: person, version: claims.ver, scopes: scopes)
    }
}
