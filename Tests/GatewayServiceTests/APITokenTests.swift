import Contracts
import Database
import DatabaseCalls
import HTTP
import JSON
import JSONRPC
import ServiceTesting
import Testing
import Tokens

@testable import GatewayService

@Suite("API tokens", .timeLimit(.minutes(2)))
struct APITokenTests {
    @Test("are shown once and kept as a hash", arguments: DatabaseEngine.allCases)
    func hashed(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let made = try await test.call(.createAPIToken, APITokenRequest(name: "backup", role: .viewer), admin)
            #expect(made.token.hasPrefix("sonde_"))
            #expect(made.token.utf8.count == 6 + 43)
            let list = try await test.call(.listAPITokens, Empty(), admin).tokens
            #expect(list == [made.details])
            let hashes = try await test.database.read(as: .every) { connection in
                try connection.rows("SELECT hash FROM api_token") { try $0.blob(0) }
            }
            #expect(hashes == [HandedOut.hash(of: made.token, prefix: "sonde_")])
            #expect(hashes.first?.count == 32)
        }
    }

    @Test("become short access tokens with the weaker of two roles, and never those of an operator")
    func exchange() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let editor = try await test.join("al@example.org", as: .editor, admin)
            let request = APITokenRequest(name: "x", role: .editor)
            let made = try await test.call(.createAPIToken, request, editor.accessToken)
            let short = try #require(try await test.exchange.accessToken(for: made.token))
            let person = try await test.person(short)
            #expect(person.role == .editor)
            #expect(person.login == made.details.id)
            #expect(try await test.exchange.accessToken(for: made.token) == short)
            // As good as its owner, and no better.
            _ = try await test.call(.updateMember, MemberChange(id: person.id, role: .viewer), admin)
            #expect(try await !test.takes(short))
            let weaker = try #require(try await test.exchange.accessToken(for: made.token))
            #expect(try await test.person(weaker).role == .viewer)

            let powerful = try await test.call(.createAPIToken, APITokenRequest(name: "y", role: .admin), admin)
            let program = try #require(try await test.exchange.accessToken(for: powerful.token))
            #expect(try await test.person(program).isOperator == false)
            #expect(try await test.code(.listTenants, TenantFilter(), program) == .permissionDenied)
        }
    }

    @Test("replace themselves in a request, and leave everything else in it alone")
    func requests() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let made = try await test.call(.createAPIToken, APITokenRequest(name: "x", role: .viewer), admin)
            func request(_ text: String) -> HTTPRequest {
                HTTPRequest(
                    method: .post,
                    path: "/rpc",
                    query: "a=b",
                    authority: "a",
                    fields: ["content-type": "application/json", "authorization": text, "x-other": "1"],
                    body: [1, 2]
                )
            }
            #expect(APITokenExchange.token(in: request("Bearer \(made.token)")) == made.token)
            #expect(!test.exchange.isKnown(made.token))
            let token = try #require(try await test.exchange.accessToken(for: made.token))
            #expect(test.exchange.isKnown(made.token))
            let exchanged = request("Bearer \(made.token)").bearing(token)
            #expect(exchanged.fields["authorization"] == "Bearer \(token)")
            #expect(exchanged.fields.count == 3)
            #expect(exchanged.fields["x-other"] == "1")
            #expect(exchanged.body == [1, 2])
            #expect(exchanged.query == "a=b")
            for text in ["sonde_", "\(made.token)A", "sonde_" + String(repeating: "A", count: 43)] {
                #expect(try await test.exchange.accessToken(for: text) == nil)
            }
            for text in ["Bearer a.b.c", "Basic eA==", "bearer \(made.token)"] {
                #expect(APITokenExchange.token(in: request(text)) == nil)
            }
        }
    }

    @Test("do what their scopes are about, and nothing about who owns them")
    func scopes() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let request = APITokenRequest(name: "x", role: .editor, scopes: ["target:read", "check:write"])
            let made = try await test.call(.createAPIToken, request, admin)
            let short = try #require(try await test.exchange.accessToken(for: made.token))
            var allowed: Set<String> = []
            for method in publicMethods where method.access != .anyone {
                let refusal = await test.refusal(of: method, short)
                #expect(refusal == nil || refusal == .permissionDenied)
                if refusal == nil { allowed.insert(method.name) }
            }
            #expect(
                allowed == [
                    "target.list", "target.get", "check.list", "check.create", "check.update", "check.delete",
                    "check.run", "check.restart", "check.runs",
                ]
            )
            for scope in ["target", "target:admin", "auth:read", "token:write", "nothing:read", "Target:read", ""] {
                let bad = APITokenRequest(name: "x", role: .viewer, scopes: [scope])
                #expect(try await test.code(.createAPIToken, bad, admin) == .invalidParams, "\(scope)")
            }
            let none = APITokenRequest(name: "x", role: .viewer, scopes: [])
            #expect(try await test.code(.createAPIToken, none, admin) == .invalidParams)
        }
    }

    @Test("are made by people, with no more than these have")
    func makers() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let viewer = try await test.join("al@example.org", as: .viewer, admin).accessToken
            let editor = APITokenRequest(name: "x", role: .editor)
            #expect(try await test.code(.createAPIToken, editor, viewer) == .invalidParams)
            let made = try await test.call(.createAPIToken, APITokenRequest(name: "x", role: .admin), admin)
            let short = try #require(try await test.exchange.accessToken(for: made.token))
            let request = APITokenRequest(name: "y", role: .viewer)
            #expect(try await test.code(.createAPIToken, request, short) == .permissionDenied)
            #expect(try await test.code(.endLogin, LoginReference(id: .make()), short) == .permissionDenied)
            #expect(try await test.code(.switchTenant, TenantReference(id: .first), short) == .permissionDenied)
            let change = PasswordChange(oldPassword: AccountCase.password, newPassword: "quite another one")
            #expect(try await test.code(.changePassword, change, short) == .permissionDenied)
            let owner = MemberReference(id: try await test.person(short).id)
            #expect(try await test.code(.resetPassword, owner, short) == .permissionDenied)
        }
    }

    @Test("end when they expire, and when they are deleted", arguments: DatabaseEngine.allCases)
    func ends(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let year = test.time.now.advanced(by: .seconds(367 * 86_400))
            for expiry in [year, test.time.now] {
                let bad = APITokenRequest(name: "x", role: .viewer, expiresAt: expiry)
                #expect(try await test.code(.createAPIToken, bad, admin) == .invalidParams)
            }
            let soon = test.time.now.advanced(by: .seconds(100))
            let expiring = try await test.call(
                .createAPIToken,
                APITokenRequest(name: "x", role: .viewer, expiresAt: soon),
                admin
            )
            let deleted = try await test.call(.createAPIToken, APITokenRequest(name: "y", role: .viewer), admin)
            let short = try #require(try await test.exchange.accessToken(for: deleted.token))
            _ = try await test.call(.deleteAPIToken, LoginReference(id: deleted.details.id), admin)
            #expect(try await !test.takes(short))
            #expect(try await test.exchange.accessToken(for: deleted.token) == nil)
            let begun = try #require(try await test.exchange.accessToken(for: expiring.token))
            test.time.advance(by: .seconds(100))
            // With its access tokens, which have not run out: a stream may have been begun with one.
            try await test.feed.refresh()
            #expect(try await !test.takes(begun))
            #expect(test.feed.current.endedLogins.contains(expiring.details.id))
            #expect(try await test.exchange.accessToken(for: expiring.token) == nil)
            test.time.advance(by: .seconds(360))
            try await test.feed.refresh()
            #expect(!test.feed.current.endedLogins.contains(expiring.details.id))
        }
    }

    @Test("of others are seen and deleted by administrators alone")
    func others() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let viewer = try await test.join("al@example.org", as: .viewer, admin).accessToken
            let request = APITokenRequest(name: "x", role: .viewer)
            let own = try await test.call(.createAPIToken, request, admin)
            let foreign = try await test.call(.createAPIToken, request, viewer)
            #expect(try await test.call(.listAPITokens, Empty(), viewer).tokens.map(\.id) == [foreign.details.id])
            #expect(try await test.call(.listAPITokens, Empty(), admin).tokens.count == 2)
            _ = try await test.call(.deleteAPIToken, LoginReference(id: own.details.id), viewer)
            #expect(try await test.exchange.accessToken(for: own.token) != nil)
            _ = try await test.call(.deleteAPIToken, LoginReference(id: foreign.details.id), admin)
            #expect(try await test.exchange.accessToken(for: foreign.token) == nil)
        }
    }

    @Test("are marked as used once a minute, and renewed before they run out")
    func marks() async throws {
        try await withAccounts { test in
            let admin = try await test.login()
            let request = APITokenRequest(name: "x", role: .viewer)
            let made = try await test.call(.createAPIToken, request, admin.accessToken)
            func usedAt() async throws -> Timestamp? {
                let token = try await test.refreshed(admin.refreshToken).accessToken
                return try await test.call(.listAPITokens, Empty(), token).tokens.first?.usedAt
            }
            let first = try #require(try await test.exchange.accessToken(for: made.token))
            let begin = test.time.now
            #expect(try await usedAt() == begin)
            test.time.advance(by: .seconds(59))
            _ = try await test.exchange.accessToken(for: made.token)
            let again = try await test.database.read(as: .every) { connection -> Int64? in
                try connection.value("SELECT used_at FROM api_token")
            }
            #expect(again == begin.microseconds)
            test.time.advance(by: .seconds(1))
            #expect(try await test.exchange.accessToken(for: made.token) == first)
            let minute = try await test.database.read(as: .every) { connection -> Int64? in
                try connection.value("SELECT used_at FROM api_token")
            }
            #expect(minute == test.time.now.microseconds)
            test.time.advance(by: .seconds(180))
            let second = try await test.exchange.accessToken(for: made.token)
            #expect(second != first)
            try await test.feed.refresh()
            #expect(try await test.takes(first))
        }
    }
}
