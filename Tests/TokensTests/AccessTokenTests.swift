import Contracts
import TLS
import Testing

@testable import Tokens

/// A signer, and texts that it signs whatever they say.
struct Forge {
    static let now = 1_800_000_000
    let key: PrivateKey
    let signer: TokenSigner
    let verifier: TokenVerifier
    let person = Person(id: .make(), email: "a@b", tenant: .first, role: .editor, login: .make())

    init() throws {
        key = try PrivateKey.ed25519()
        signer = try TokenSigner(key)
        verifier = TokenVerifier(KeySet(keys: [try signer.publicKey()]))
    }

    func header(_ more: String = "", alg: String = "EdDSA", typ: String = "at+jwt", kid: String? = nil) -> String {
        #"{"alg":"\#(alg)","typ":"\#(typ)","kid":"\#(kid ?? signer.keyID)"\#(more)}"#
    }

    var claims: String {
        #"{"iss":"sonde","aud":"sonde-api","sub":"\#(person.id)","exp":\#(Self.now + 300),"iat":\#(Self.now),"#
            + #""jti":"\#(LoginID.make())","sid":"\#(LoginID.make())","ver":1,"#
            + #""email":"a@b","tenant":"default","role":"editor"}"#
    }

    func sign(_ header: String, _ claims: String, with other: PrivateKey? = nil) throws -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return text + "." + Base64URL.encode(try (other ?? key).signature(of: Array(text.utf8)))
    }

    /// Claims that lack one whose value is a UUID or a number.
    static func without(_ name: String, _ claims: String) -> String {
        let start = claims.ranges(of: "\"\(name)\":")
        guard let start = start.first else { return claims }
        let rest = claims[start.upperBound...].drop { $0 != "," }
        return String(claims[..<start.lowerBound]) + String(rest.dropFirst())
    }

    func accepts(_ token: String, now: Int = now) -> Bool {
        (try? verifier.verify(token, now: now)) != nil
    }
}

@Suite("Access token")
struct AccessTokenTests {
    private let forge: Forge

    init() throws { forge = try Forge() }

    @Test("is accepted as it was signed, within its time and the skew of clocks")
    func accepted() throws {
        let token = try forge.signer.token(for: forge.person, now: Forge.now)
        #expect(try forge.verifier.verify(token, now: Forge.now).grant.person == forge.person)
        #expect(forge.accepts(try forge.sign(forge.header(), forge.claims)))
        #expect(forge.accepts(try forge.sign(forge.header(#","jku":"https://evil","jwk":{},"x5u":"a""#), forge.claims)))
        #expect(forge.accepts(token, now: Forge.now - 30))
        #expect(!forge.accepts(token, now: Forge.now - 31))
        #expect(forge.accepts(token, now: Forge.now + 329))
        #expect(!forge.accepts(token, now: Forge.now + 330))
    }

    @Test("says what it was signed for: person, tenant, role, version, scopes, and whether of an operator")
    func round() throws {
        var grant = AccessGrant(person: forge.person, version: 7)
        #expect(
            try forge.verifier.verify(forge.signer.token(for: grant, now: Forge.now), now: Forge.now).grant == grant
        )
        grant.person.isOperator = true
        grant.scopes = [Scope("target", isWrite: false), Scope("rule", isWrite: true)]
        let token = try forge.signer.token(for: grant, now: Forge.now)
        #expect(try forge.verifier.verify(token, now: Forge.now).grant == grant)
        grant.scopes = []
        let none = try forge.signer.token(for: grant, now: Forge.now)
        #expect(try forge.verifier.verify(none, now: Forge.now).grant.scopes == [])
        // Every token is another one.
        #expect(try forge.signer.token(for: grant, now: Forge.now) != none)
    }

    @Test("with scopes that are not known here is taken without them, and with none for nothing")
    func unknownScopes() throws {
        let claims = forge.claims.replacing(#""ver":1"#, with: #""ver":1,"scope":"target:read other:read""#)
        let grant = try forge.verifier.verify(try forge.sign(forge.header(), claims), now: Forge.now).grant
        #expect(grant.scopes == [Scope("target", isWrite: false)])
    }

    @Test("is refused whose key has the shape of another algorithm's secret, or is hidden in the token")
    func confusion() throws {
        // A verifier that let the token choose would take the public key's own bytes for a shared secret.
        let stranger = try PrivateKey.ed25519()
        let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"\#(Base64URL.encode(try stranger.publicBytes()))"}"#
        for more in [#","jwk":\#(jwk)"#, #","x5c":["AAAA"]"#, #","jku":"https://example.org/jwks.json""#] {
            #expect(!forge.accepts(try forge.sign(forge.header(more), forge.claims, with: stranger)))
        }
        let long = String(repeating: "a", count: 65_536)
        #expect(!forge.accepts(try forge.sign(forge.header(kid: long), forge.claims)))
        // Another installation's, or one that was rotated out.
        #expect(!TokenVerifier(KeySet(keys: [])).takes(try forge.sign(forge.header(), forge.claims)))
        let other = KeySet.Key(kid: forge.signer.keyID, x: Base64URL.encode(try stranger.publicBytes()))
        #expect(!TokenVerifier(KeySet(keys: [other])).takes(try forge.sign(forge.header(), forge.claims)))
    }

    @Test("is verified by no key of another kind, however it is published")
    func keySets() throws {
        let token = try forge.sign(forge.header(), forge.claims)
        let good = try forge.signer.publicKey()
        let changes: [(inout KeySet.Key) -> Void] = [
            { $0.kty = "oct" }, { $0.kty = "EC" }, { $0.crv = "P-256" }, { $0.alg = "HS256" }, { $0.x = "" },
            { $0.x += "A" }, { $0.x = String($0.x.dropLast(4)) }, { $0.kid = "other" },
        ]
        for change in changes {
            var key = good
            change(&key)
            #expect(!TokenVerifier(KeySet(keys: [key])).takes(token))
        }
        #expect(TokenVerifier(KeySet(keys: [good])).takes(token))
    }

    @Test(
        "is refused with any other algorithm",
        arguments: ["none", "None", "nOnE", "NONE", "HS256", "ES256", "RS256", "eddsa", "Ed25519", ""]
    )
    func algorithm(name: String) throws {
        let header = forge.header(alg: name)
        #expect(!forge.accepts(try forge.sign(header, forge.claims)))
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(forge.claims.utf8))
        #expect(!forge.accepts(text + "."))
        #expect(!forge.accepts(text))
    }

    @Test("is refused for what its header must not say")
    func header() throws {
        let headers = [
            forge.header(#","crit":["exp"]"#), forge.header(#","crit":[]"#), forge.header(#","b64":false"#),
            forge.header(#","b64":true"#), forge.header(typ: "JWT"), forge.header(typ: "refresh+jwt"),
            forge.header(#","alg":"EdDSA""#), forge.header(#","kid":"other""#), forge.header(kid: ""),
            forge.header(kid: "../../etc/passwd"), forge.header(kid: "' OR 1=1 --"), forge.header(kid: "\\u0000"),
            forge.header(#","crit":null"#), "{}", "[]", "null", "", #"{"alg":"EdDSA","typ":"at+jwt"}"#,
            forge.header() + " {}", String(forge.header().dropLast()),
        ]
        for header in headers { #expect(!forge.accepts(try forge.sign(header, forge.claims)), "\(header)") }
    }

    @Test("is refused for what its claims do not say")
    func claims() throws {
        let good = forge.claims
        let (exp, iat) = (#""exp":\#(Forge.now + 300)"#, #""iat":\#(Forge.now)"#)
        let claims = [
            good.replacing(exp + ",", with: ""), good.replacing(iat + ",", with: ""),
            good.replacing(#""iss":"sonde","#, with: ""), good.replacing(#""aud":"sonde-api","#, with: ""),
            good.replacing("sonde-api", with: "other"), good.replacing(#""sonde""#, with: #""other""#),
            good.replacing(#""sonde-api""#, with: #"["sonde-api"]"#), good.replacing("editor", with: "owner"),
            good.replacing(forge.person.id.rawValue, with: "me"), good.replacing(exp, with: #""exp":"1800000300""#),
            good.replacing(exp, with: #""exp":1800000300.5"#), good.replacing(exp, with: #""exp":1e300"#),
            good.replacing(exp, with: #""exp":-1"#), good.replacing(exp, with: #""exp":9223372036854775807"#),
            good.replacing(exp, with: #""exp":1800000301"#), good.replacing(iat, with: #""iat":1800000300"#),
            good.replacing(iat, with: #""iat":-9223372036854775808"#), good.replacing(iat, with: #""iat":null"#),
            good.replacing(exp, with: exp + "," + exp), good.replacing(#""role""#, with: #""role":"admin","role""#),
            "{}", "[]", "", good + good,
            Forge.without("sid", good), Forge.without("jti", good), Forge.without("ver", good),
            good.replacing(#""ver":1"#, with: #""ver":-1"#), good.replacing(#""ver":1"#, with: #""ver":"1""#),
            good.replacing(#""ver":1"#, with: #""ver":1.5"#),
            good.replacing(#""ver":1"#, with: #""ver":1,"scope":["a"]"#),
            good.replacing(#""ver":1"#, with: #""ver":1,"operator":"yes""#),
            good.replacing(#""ver":1"#, with: #""ver":1,"operator":1"#),
            good.replacing(#""ver":1"#, with: #""ver":1,"nbf":\#(Forge.now + 31)"#),
            good.replacing(#""ver":1"#, with: #""ver":1,"nbf":"now""#),
            good.replacing(#""sid":""#, with: #""sid":"x"#), good.replacing("default", with: ""),
            good.replacing("default", with: "Default"), good.replacing("default", with: "a b"),
        ]
        for claims in claims { #expect(!forge.accepts(try forge.sign(forge.header(), claims)), "\(claims)") }
    }

    @Test("is refused in any other form")
    func form() throws {
        let token = try forge.sign(forge.header(), forge.claims)
        let parts = token.split(separator: ".").map(String.init)
        let other = try PrivateKey.ed25519()
        let tokens = [
            token + ".", token + "." + parts[2], "." + token, parts[0] + "." + parts[1], token + "=", token + " ",
            " " + token,
            token + "\n", parts[0] + "=." + parts[1] + "." + parts[2], String(token.dropLast()), token + "A",
            token.replacing("-", with: "+").replacing("_", with: "/") + "=",
            parts[0] + "." + parts[1] + "." + Base64URL.encode([UInt8](repeating: 0, count: 64)),
            parts[0] + "." + Base64URL.encode(Array(forge.claims.replacing("editor", with: "admin").utf8)) + "."
                + parts[2],
            try forge.sign(forge.header(), forge.claims, with: other), "", ".", "..",
            #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#,
            String(repeating: "a", count: 1 << 20), token + String(repeating: "A", count: 4_096),
        ]
        for token in tokens { #expect(!forge.accepts(token), "\(token.prefix(200))") }
        // The last letter of a signature holds two bits of nothing: only one of four texts is the canonical one.
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        #expect(letters.filter { forge.accepts(token.dropLast() + String($0)) }.count == 1)
    }

    @Test(
        "is read in the one base64url there is",
        arguments: ["A", "AB", "AAB", "AA=", "AA==", "A A", "A+AA", "A/AA", "\u{e9}AAA"]
    )
    func base64(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}

extension TokenVerifier {
    fileprivate func takes(_ token: String) -> Bool { (try? verify(token, now: Forge.now)) != nil }
}
