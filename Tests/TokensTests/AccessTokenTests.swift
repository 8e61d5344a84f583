import Contracts
import JSON
import JSONRPC
import Observability
import Synchronization
import TLS
import Testing

@testable import Tokens

/// A signer, and texts that it signs whatever they say.
struct Forge {
    static let now = 1_800_000_000
    let key: PrivateKey
    let signer: TokenSigner
    let verifier: TokenVerifier
    let person = Person(id: .make(), email: "a@b", tenant: "default", role: .editor)

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
            + #""email":"a@b","tenant":"default","role":"editor"}"#
    }

    func sign(_ header: String, _ claims: String, with other: PrivateKey? = nil) throws -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        return text + "." + Base64URL.encode(try (other ?? key).signature(of: Array(text.utf8)))
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
        #expect(try forge.verifier.verify(token, now: Forge.now).person == forge.person)
        #expect(forge.accepts(try forge.sign(forge.header(), forge.claims)))
        #expect(forge.accepts(try forge.sign(forge.header(#","jku":"https://evil","jwk":{},"x5u":"a""#), forge.claims)))
        #expect(forge.accepts(token, now: Forge.now - 30))
        #expect(!forge.accepts(token, now: Forge.now - 31))
        #expect(forge.accepts(token, now: Forge.now + 329))
        #expect(!forge.accepts(token, now: Forge.now + 330))
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

@Suite("Person authorizer")
struct PersonAuthorizerTests {
    private func token(_ forge: Forge, _ role: Role) throws -> BearerToken {
        let person = Person(id: .make(), email: "a@b", tenant: "default", role: role)
        return BearerToken(try forge.signer.token(for: person, now: Int(Timestamp.now.microseconds / 1_000_000)))
    }

    private func context(_ token: BearerToken?, peer: String? = "gateway") -> CallContext {
        var random = SplitMix64(seed: 1)
        return CallContext(trace: .random(using: &random), peer: peer, token: token)
    }

    @Test("lets a role do what it may, through the gateway alone")
    func roles() async throws {
        let forge = try Forge()
        let keys = KeySet(keys: [try forge.signer.publicKey()])
        let authorizer = PersonAuthorizer { keys }
        for method in publicMethods {
            for role in Role.allCases {
                let context = context(try token(forge, role))
                let isAllowed = await (try? authorizer.authorize(method, context)) != nil
                #expect(
                    isAllowed == role.allows(method.access ?? .admin) || method.access == .anyone,
                    "\(method.name) \(role)"
                )
            }
            let anonymous = await (try? authorizer.authorize(method, context(nil))) != nil
            #expect(anonymous == (method.access == .anyone), "\(method.name)")
            for peer in ["probe-agent", "push", nil] {
                let context = context(try token(forge, .admin), peer: peer)
                await #expect(throws: RPCError.self) { try await authorizer.authorize(method, context) }
            }
        }
    }

    @Test("asks for the keys once for tokens of unknown ones, and again at once when nobody answered")
    func refetch() async throws {
        let (known, stranger) = (try Forge(), try Forge())
        let asked = Mutex(0)
        let set = KeySet(keys: [try known.signer.publicKey()])
        let authorizer = PersonAuthorizer {
            let count = asked.withLock { asked in
                asked += 1
                return asked
            }
            guard count > 1 else { throw RPCError(.unavailable, "not yet") }
            return set
        }
        let good = try token(known, .viewer)
        await #expect(throws: RPCError.self) { try await authorizer.person(of: good) }
        #expect(try await authorizer.person(of: good).role == .viewer)
        for _ in 0..<10 {
            let bad = try token(stranger, .admin)
            await #expect(throws: RPCError.self) { try await authorizer.person(of: bad) }
        }
        #expect(asked.withLock { $0 } == 2)
    }
}
