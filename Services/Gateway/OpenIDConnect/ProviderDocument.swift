import JSON
import TLS
import Tokens

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
struct ProviderDocument: Decodable {
    var issuer: String
    var authorizationEndpoint: String
    var tokenEndpoint: String
    var keysURL: String
    var authenticationMethods: [String]?

    enum CodingKeys: String, CodingKey {
        case issuer
        case authorizationEndpoint = "authorization_endpoint"
        case tokenEndpoint = "token_endpoint"
        case keysURL = "jwks_uri"
        case authenticationMethods = "token_endpoint_auth_methods_supported"
    }

    /// How a client shows its secret; a provider that says nothing takes it as HTTP's basic authentication.
    var takesSecretInBody: Bool {
        guard let authenticationMethods else { return false }
        return !authenticationMethods.contains("client_secret_basic")
            && authenticationMethods.contains("client_secret_post")
    }
}

/// A provider's keys for signatures (RFC 7517), by what they are named.
struct ProviderKeys: Sendable {
    private let keys: [(id: String?, algorithm: String, key: PublicKey)]

    /// Keys for something else, or of a kind that is not known here, are passed over.
    init(json: [UInt8]) throws {
        let set = try JSONValue(json: json)
        guard case .array(let list) = set["keys"] else { throw ProviderError("has no list of keys") }
        keys = list.compactMap { entry in
            guard Self.isForSignatures(entry), let (algorithm, key) = Self.key(entry) else { return nil }
            guard entry["alg"]?.text ?? algorithm == algorithm else { return nil }
            return (entry["kid"]?.text, algorithm, key)
        }
    }

    /// The keys that a token may be signed with which names one, or none where there is only one.
    func key(_ id: String?, for algorithm: String) -> PublicKey? {
        let fitting = keys.filter { $0.algorithm == algorithm && (id == nil || $0.id == id) }
        return fitting.count == 1 ? fitting[0].key : nil
    }

    /// Whether its owner means it for signatures (sections 4.2 and 4.3); a key that says nothing is for anything.
    private static func isForSignatures(_ entry: JSONValue) -> Bool {
        let use = entry["use"]?.text
        guard use == nil || use == "sig" else { return false }
        guard let operations = entry["key_ops"] else { return true }
        guard case .array(let names) = operations else { return false }
        return names.isEmpty || names.contains("verify")
    }

    private static func key(_ entry: JSONValue) -> (algorithm: String, key: PublicKey)? {
        let bytes = { (name: String) in entry[name]?.text.flatMap { Base64URL.decode($0) } }
        switch (entry["kty"]?.text, entry["crv"]?.text) {
        case ("RSA", nil):
            guard let modulus = bytes("n"), let exponent = bytes("e") else { return nil }
            return (try? PublicKey(rsa: modulus, exponent: exponent)).map { ("RS256", $0) }
        case ("EC", "P-256"):
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            return (try? PublicKey(p256: x, y)).map { ("ES256", $0) }
        case ("OKP", "Ed25519"):
            guard let x = bytes("x") else { return nil }
            return (try? PublicKey(ed25519: x)).map { ("EdDSA", $0) }
        default: return nil
        }
    }
}

/// Why a provider cannot be used; for the log, and not for whoever wants to sign in.
struct ProviderError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// The text, of a text.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
