import JSON
import TLS
import Tokens

/// Whom a provider says it has signed in.
struct ProvidedIdentity: Equatable, Sendable {
    var issuer: String
    /// Never given to anybody else by the same issuer.
    var subject: String
    /// Which the provider has made sure of.
    var email: String
}

/// A provider's word on who somebody is (OpenID Connect Core 1.0, section 2), in JWS's compact form.
struct IDToken {
    /// What must be so of a token, to be meant for this sign-in.
    struct Expectation {
        var issuer: String
        var clientID: String
        var nonce: String
        /// Seconds since 1970.
        var now: Int
    }

    private static let maximumBytes = 32_768
    private static let algorithms: Set = ["RS256", "ES256", "EdDSA"]
    private static let skewSeconds = 60

    let keyID: String?
    let algorithm: String
    private let signed: [UInt8]
    private let signature: [UInt8]
    private let body: [UInt8]

    /// Throws `ProviderError` for what is no token, or one signed by other means than a key pair.
    init(_ text: String) throws(ProviderError) {
        guard text.utf8.count <= Self.maximumBytes else { throw ProviderError("its ID token is too long") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let header = try? JSONValue(json: head)
        else { throw ProviderError("its ID token is not a signed token") }
        guard let algorithm = header["alg"]?.text, Self.algorithms.contains(algorithm) else {
            throw ProviderError("its ID token is not signed with RS256, ES256 or EdDSA")
        }
        // An extension that must be understood is not understood here (RFC 7515, section 4.1.11).
        guard header["crit"] == nil, header["b64"] == nil else { throw ProviderError("its ID token has extensions") }
        keyID = header["kid"]?.text
        self.algorithm = algorithm
        self.body = body
        self.signature = signature
        signed = Array(text.utf8.dropLast(parts[2].utf8.count + 1))
    }

    /// Whom it is about (section 3.1.3.7).
    func identity(_ expected: Expectation, key: PublicKey) throws(ProviderError) -> ProvidedIdentity {
        guard key.isValid(signature: signature, of: signed) else {
            throw ProviderError("its ID token is not signed by it")
        }
        guard let claims = try? JSONValue(json: body), claims["iss"]?.text == expected.issuer else {
            throw ProviderError("its ID token is of another issuer")
        }
        try checkAudience(claims, expected)
        guard case .int(let expiry) = claims["exp"], case .int(let issued) = claims["iat"],
            expiry + Self.skewSeconds > expected.now, issued - Self.skewSeconds <= expected.now
        else { throw ProviderError("its ID token is not of now") }
        guard claims["nonce"]?.text == expected.nonce else {
            throw ProviderError("its ID token is of another sign-in")
        }
        guard let subject = claims["sub"]?.text, (1...255).contains(subject.utf8.count) else {
            throw ProviderError("its ID token names nobody")
        }
        guard let email = claims["email"]?.text, claims["email_verified"] == true else {
            throw ProviderError("it has not verified the person's e-mail address, or does not tell it")
        }
        return ProvidedIdentity(issuer: expected.issuer, subject: subject, email: email)
    }

    private func checkAudience(_ claims: JSONValue, _ expected: Expectation) throws(ProviderError) {
        let others = ProviderError("its ID token is for somebody else")
        switch claims["aud"] {
        case .string(let audience): guard audience == expected.clientID else { throw others }
        case .array(let audiences):
            guard audiences.contains(.string(expected.clientID)) else { throw others }
            if audiences.count > 1, claims["azp"] == nil { throw others }
        default: throw others
        }
        if let party = claims["azp"] { guard party.text == expected.clientID else { throw others } }
    }
}
