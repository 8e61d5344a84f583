import Foundation
import JSON
import ServiceTesting
import TLS
import TestServers
import Testing
import Tokens

@testable import GatewayService

@Suite("A provider's word")
struct IDTokenTests {
    private static let now = 1_800_000_000
    private static let expected = IDToken.Expectation(
        issuer: "https://id.example.org",
        clientID: "sonde",
        nonce: "n",
        now: now
    )

    private static func claims(_ changes: [String: JSONValue?] = [:]) throws -> [UInt8] {
        var claims: [String: JSONValue] = [
            "iss": "https://id.example.org", "aud": "sonde", "sub": "1", "nonce": "n", "exp": .int(now + 60),
            "iat": .int(now), "email": "ann@example.org", "email_verified": true,
        ]
        for (name, value) in changes { claims[name] = value }
        return try encodeJSON(JSONValue.object(claims))
    }

    private static func token(_ claims: [UInt8], header: String, _ sign: ([UInt8]) throws -> [UInt8]) rethrows -> String
    {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(claims)
        return text + "." + Base64URL.encode(try sign(Array(text.utf8)))
    }

    private static let ed25519 = Result { () throws in try PrivateKey.ed25519() }

    /// Whom a token with these claims is about, or why nobody.
    private static func reading(_ changes: [String: JSONValue?]) throws -> Result<ProvidedIdentity, ProviderError> {
        let key = try ed25519.get()
        let text = try token(claims(changes), header: #"{"alg":"EdDSA","kid":"1"}"#) { try key.signature(of: $0) }
        let publicKey = try PublicKey(ed25519: try key.publicBytes())
        do throws(ProviderError) {
            return .success(try IDToken(text).identity(expected, key: publicKey))
        } catch {
            return .failure(error)
        }
    }

    @Test("is taken when all of it is meant for this sign-in")
    func valid() throws {
        let ann = ProvidedIdentity(issuer: "https://id.example.org", subject: "1", email: "ann@example.org")
        #expect(try Self.reading([:]).get() == ann)
        #expect(try Self.reading(["aud": ["other", "sonde"], "azp": "sonde"]).get() == ann)
        #expect(try Self.reading(["exp": .int(Self.now - 59), "iat": .int(Self.now + 59)]).get() == ann)
    }

    @Test(
        "is refused when any of it is not",
        arguments: [
            ("of another issuer", ["iss": "https://id.example.org/"]), ("of another issuer", ["iss": nil]),
            ("for somebody else", ["aud": "other"]), ("for somebody else", ["aud": ["sonde", "other"]]),
            ("for somebody else", ["aud": []]), ("for somebody else", ["aud": nil]),
            ("for somebody else", ["azp": "other"]), ("for somebody else", ["azp": nil, "aud": 1]),
            ("not of now", ["exp": .int(now - 60)]), ("not of now", ["exp": nil]), ("not of now", ["exp": "1"]),
            ("not of now", ["iat": .int(now + 61)]), ("not of now", ["iat": nil]),
            ("of another sign-in", ["nonce": "m"]), ("of another sign-in", ["nonce": nil]),
            ("names nobody", ["sub": ""]), ("names nobody", ["sub": nil]),
            ("names nobody", ["sub": .string(String(repeating: "s", count: 256))]),
            ("not verified", ["email_verified": false]), ("not verified", ["email_verified": "true"]),
            ("not verified", ["email_verified": nil]), ("not verified", ["email": nil]),
        ] as [(String, [String: JSONValue?])]
    )
    func refused(reason: String, changes: [String: JSONValue?]) throws {
        guard case .failure(let error) = try Self.reading(changes) else {
            Issue.record("it is taken")
            return
        }
        #expect(error.description.contains(reason))
    }

    @Test(
        "is no token when it is not signed with a key pair",
        arguments: [
            #"{"alg":"none"}"#, #"{"alg":"HS256"}"#, #"{"alg":"RS1"}"#, "{}", "[]", "",
            #"{"alg":"EdDSA","crit":["b64"]}"#,
            #"{"alg":"EdDSA","b64":false}"#, #"{"alg":"EdDSA","alg":"none"}"#,
        ]
    )
    func algorithm(header: String) throws {
        let text = try Self.token(Self.claims(), header: header) { _ in [] }
        #expect(throws: ProviderError.self) { try IDToken(text) }
    }

    @Test("is no token with more or less than three parts, or when it is very long")
    func shape() {
        for text in ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.e30", String(repeating: "a", count: 1 << 20)] {
            #expect(throws: ProviderError.self) { try IDToken(text) }
        }
    }

    @Test("is verified by what OpenSSL has signed, and by no other key", arguments: ["RS256", "ES256"])
    func signatures(algorithm: String) throws {
        let directory = try TemporaryDirectory()
        let (key, other) = (
            try SigningProgram(algorithm, "a", directory), try SigningProgram(algorithm, "b", directory)
        )
        let text = try Self.token(Self.claims(), header: #"{"alg":"\#(algorithm)","kid":"a"}"#, key.signature)
        let token = try IDToken(text)
        let keys = try ProviderKeys(json: Array(#"{"keys":[\#(try key.jwk()),\#(try other.jwk())]}"#.utf8))
        let right = try #require(keys.key(token.keyID, for: algorithm))
        #expect(try token.identity(Self.expected, key: right).subject == "1")
        let wrong = try #require(keys.key("b", for: algorithm))
        #expect(throws: ProviderError.self) { try token.identity(Self.expected, key: wrong) }
        #expect(keys.key("c", for: algorithm) == nil)
        #expect(keys.key("a", for: "EdDSA") == nil)
        #expect(keys.key(nil, for: algorithm) == nil, "which of the two is not said")
        for index in [0, 1, 20, text.utf8.count - 2] {
            var bytes = Array(text.utf8)
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let changed = String(decoding: bytes, as: UTF8.self)
            #expect(throws: ProviderError.self) { try IDToken(changed).identity(Self.expected, key: right) }
        }
    }

    @Test(
        "is not verified by a key that is none",
        arguments: [
            #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, #"{"kty":"RSA","n":"","e":""}"#, #"{"kty":"RSA"}"#,
            #"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, #"{"kty":"oct","k":"AAAA"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(String(repeating: "A", count: 43))","y":"\#(String(repeating: "A", count: 43))"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, #"{"kty":1}"#, "1", "null",
        ]
    )
    func badKeys(jwk: String) throws {
        let keys = try ProviderKeys(json: Array(#"{"keys":[\#(jwk)]}"#.utf8))
        for algorithm in ["RS256", "ES256", "EdDSA"] { #expect(keys.key(nil, for: algorithm) == nil) }
    }

    @Test(
        "is verified by a key that is for signatures, or says nothing of what it is for",
        arguments: [
            ("", true), (#","use":"sig""#, true), (#","key_ops":["verify"]"#, true), (#","key_ops":[]"#, true),
            (#","use":"enc""#, false), (#","key_ops":["encrypt"]"#, false), (#","key_ops":["sign"]"#, false),
            (#","use":"sig","key_ops":["wrapKey"]"#, false),
            (#","key_ops":"verify""#, false), (#","key_ops":null"#, false), (#","alg":"PS256""#, false),
        ]
    )
    func purposes(members: String, isTaken: Bool) throws {
        #expect(try Self.takesRSA(exponent: "AQAB", members) == isTaken)
    }

    @Test("is verified by no RSA key with which anybody could sign", arguments: ["AQ", "AAAB", "Ag", "AQAA", "AA", ""])
    func exponents(exponent: String) throws {
        #expect(try !Self.takesRSA(exponent: exponent))
    }

    private static func takesRSA(exponent: String, _ members: String = "") throws -> Bool {
        let modulus = Base64URL.encode([UInt8](repeating: 0xc5, count: 256))
        let json = #"{"keys":[{"kty":"RSA","n":"\#(modulus)","e":"\#(exponent)"\#(members)}]}"#
        return try ProviderKeys(json: Array(json.utf8)).key(nil, for: "RS256") != nil
    }
}

/// OpenSSL's program, with a key in a file.
private struct SigningProgram {
    let name: String
    let algorithm: String
    private let directory: String

    init(_ algorithm: String, _ name: String, _ directory: TemporaryDirectory) throws {
        self.name = name
        self.algorithm = algorithm
        self.directory = directory.path
        let kind =
            algorithm == "RS256"
            ? ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] : ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try openssl(["genpkey", "-quiet", "-algorithm"] + kind + ["-out", file("key")])
    }

    func signature(of message: [UInt8]) throws -> [UInt8] {
        try Data(message).write(to: URL(filePath: file("message")))
        try openssl(["dgst", "-sha256", "-sign", file("key"), "-out", file("signature"), file("message")])
        let bytes = try read("signature")
        guard algorithm == "ES256" else { return bytes }
        // Two numbers in DER, each of which may begin with a zero for its sign, or be shorter.
        let first = Array(bytes[4..<4 + Int(bytes[3])])
        let second = Array(bytes[(4 + first.count + 2)...])
        return [first, second].flatMap { number in
            let digits = number.suffix(32)
            return Array(repeating: 0, count: 32 - digits.count) + digits
        }
    }

    func jwk() throws -> String {
        try openssl(["pkey", "-in", file("key"), "-pubout", "-outform", "DER", "-out", file("public")])
        let bytes = try read("public")
        guard algorithm == "RS256" else {
            let point = bytes.suffix(64)
            let (x, y) = (Base64URL.encode(Array(point.prefix(32))), Base64URL.encode(Array(point.suffix(32))))
            return #"{"kty":"EC","crv":"P-256","kid":"\#(name)","use":"sig","x":"\#(x)","y":"\#(y)"}"#
        }
        // 256 bytes of the modulus, and then the exponent 65537 in five.
        let modulus = Array(bytes.dropLast(5).suffix(256))
        return #"{"kty":"RSA","kid":"\#(name)","alg":"RS256","n":"\#(Base64URL.encode(modulus))","e":"AQAB"}"#
    }

    private func file(_ kind: String) -> String { "\(directory)/\(name).\(kind)" }

    private func read(_ kind: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: file(kind)))) }

    private func openssl(_ arguments: [String]) throws {
        try #require(try Child("/usr/bin/openssl", arguments).wait() == 0)
    }
}
