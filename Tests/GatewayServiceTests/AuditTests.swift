import Contracts
import Database
import DatabaseCalls
import HTTP
import JSON
import JSONRPC
import Observability
import Testing

@testable import GatewayService

@Suite("Audit log", .timeLimit(.minutes(5)))
struct AuditTests {
    @Test("keeps who changed what, refusals included, and no reads")
    func rows() async throws {
        let test = try await SiteCase()
        let (admin, viewer) = (try test.token(), try test.token(.viewer, "v@example.org"))
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"secret.example"}"#, token: admin)
        guard case .string(let id)? = made.json["id"] else { return fail("nothing made") }
        _ = await test.ask(.get, "/api/v1/targets", token: admin)
        _ = await test.ask(.patch, "/api/v1/targets/\(id)", #"{"name":"b"}"#, token: viewer, from: "198.51.100.7:1")
        _ = await test.ask(.delete, "/api/v1/targets/\(id)", token: admin)
        _ = await test.ask(.delete, "/api/v1/targets/\(id)", token: admin)
        let rows = try await test.audited()
        #expect(rows.map(\.method) == ["target.create", "target.update", "target.delete", "target.delete"])
        #expect(rows.map(\.ids) == [[id], [id], [id], [id]])
        #expect(rows.map(\.allowed) == [true, false, true, false])
        #expect(rows.map(\.code) == [nil, -32_001, nil, -32_003])
        #expect(rows.map(\.email) == ["a@example.org", "v@example.org", "a@example.org", "a@example.org"])
        #expect(rows[1].address == "198.51.100.7")
        #expect(rows[1].personID == test.person(.viewer, of: "default", "v@example.org").id)
    }

    @Test("keeps signing in and out, with the person where there is one")
    func signIns() async throws {
        let test = try await SiteCase()
        let path = "/api/v1/auth/login"
        _ = await test.ask(.post, path, #"{"email":"Admin@example.org","password":"wrong"}"#)
        _ = await test.ask(.post, path, #"{"email":"my-password-by-mistake","password":"x"}"#)
        let pair = await test.ask(.post, path, #"{"email":"admin@example.org","password":"\#(SiteCase.password)"}"#)
        #expect(pair.status == 200)
        let rows = try await test.audited()
        #expect(rows.map(\.method) == ["auth.login", "auth.login"])
        #expect(rows.map(\.email) == ["admin@example.org", "admin@example.org"])
        #expect(rows.map(\.allowed) == [false, true])
        let strangers: Int? = try await test.database.read {
            try $0.value("SELECT count(*) FROM audit WHERE tenant IS NULL AND email IS NULL")
        }
        #expect(strangers == 1)
    }

    @Test("keeps nothing of what calls carry but ids")
    func canaries() async throws {
        let test = try await SiteCase()
        let admin = try test.token()
        let canary = "canary-7f3a"
        _ = await test.ask(.post, "/api/v1/auth/login", #"{"email":"\#(canary)@x","password":"\#(canary)"}"#)
        _ = await test.ask(.post, "/api/v1/auth/refresh", #"{"refresh_token":"\#(canary)"}"#)
        _ = await test.ask(.post, "/api/v1/auth/logout", #"{"refresh_token":"\#(canary)"}"#)
        _ = await test.ask(.get, "/api/v1/targets", token: canary)
        _ = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(canary)"}"#, token: canary)
        let hook = #"{"name":"h","kind":"webhook","url":"https://x.example/\#(canary)"}"#
        _ = try await test.serving {
            await test.ask(.post, "/api/v1/receivers", hook, token: admin, with: ["idempotency-key": canary])
        }
        let redemption = #"{"token":"\#(canary)","certificate_request":"\#(canary)"}"#
        _ = try await test.serving { await test.ask(.post, "/api/v1/enrolments/redeem", redemption) }
        let rpc =
            #"{"jsonrpc":"2.0","id":1,"method":"receiver.create","params":["h","webhook","https://u:\#(canary)@x"]}"#
        _ = await test.ask(.post, "/rpc", rpc, token: admin, with: ["cookie": canary, "x-api-key": canary])
        _ = await test.ask(.post, "/rpc", #"{"jsonrpc":"2.0","id":1,"method":"\#(canary)"}"#, token: admin)
        #expect(!(try await test.audited()).isEmpty)
        let rows = try await test.database.read { connection in
            try connection.rows("SELECT * FROM audit") { row in (0..<10).map { "\(row.value($0))" }.joined() }
        }
        #expect(rows.count >= 6)
        for line in rows + test.log.lines {
            #expect(!line.contains(canary), "\(line)")
            #expect(!line.contains(admin), "\(line)")
        }
    }

    @Test("is read by the administrators of each tenant, each theirs")
    func reading() async throws {
        let test = try await SiteCase()
        for tenant in ["one", "two"] {
            let token = try test.token(of: tenant, "\(tenant)@example.org")
            for index in 0..<3 {
                _ = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(tenant)\#(index)"}"#, token: token)
            }
            _ = await test.ask(.post, "/api/v1/targets", #"{"address":"taken"}"#, token: token)
        }
        _ = try await test.audited()
        let one = try test.token(of: "one", "one@example.org")
        let page = await test.ask(.get, "/api/v1/audit", query: "limit=3", token: one)
        guard case .array(let entries)? = page.json["entries"] else { return fail("no entries") }
        #expect(entries.map { $0["email"] } == Array(repeating: "one@example.org", count: 3))
        #expect(entries.map { $0["allowed"] } == [false, true, true])
        let link = try #require(page.fields["link"])
        let query = String(link.drop { $0 != "?" }.dropFirst().prefix { $0 != ">" })
        let rest = await test.ask(.get, "/api/v1/audit", query: query, token: one)
        guard case .array(let last)? = rest.json["entries"] else { return fail("no entries") }
        #expect(last.count == 1)
        #expect(rest.json["next_cursor"] == nil)
        let others = test.person(.admin, of: "two", "two@example.org").id
        let none = await test.ask(.get, "/api/v1/audit", query: "person_id=\(others)", token: one)
        #expect(none.json["entries"] == [])
        for filter in ["method=target.delete", "to=2001-01-01T00:00:00Z", "from=2999-01-01T00:00:00Z"] {
            #expect(await test.ask(.get, "/api/v1/audit", query: filter, token: one).json["entries"] == [])
        }
        for filter in ["cursor=x", "cursor=-1", "limit=0", "limit=1001"] {
            #expect(await test.ask(.get, "/api/v1/audit", query: filter, token: one).status == 400)
        }
        let editor = try test.token(.editor, of: "one", "e@example.org")
        #expect(await test.ask(.get, "/api/v1/audit", token: editor).status == 403)
        #expect(await test.ask(.get, "/api/v1/audit/export", token: editor).status == 403)
        let file = await test.ask(.get, "/api/v1/audit/export", token: one)
        #expect(file.isStream)
        #expect(file.fields["content-type"] == "application/x-ndjson")
    }

    @Test("is written for its tenant, read by it, and removed, on each engine", arguments: DatabaseEngine.allCases)
    func engines(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let book = AuditBook(test.database)
            var random = SplitMix64(seed: 1)
            let call = AnsweredCall(
                method: RPCMethod.login.descriptor,
                params: [],
                result: [],
                context: CallContext(trace: .random(using: &random), address: "192.0.2.1"),
                error: nil
            )
            let horizon = Timestamp.now.advanced(by: .seconds(-2 * 86_400))
            var member = AuditRecord(call, by: nil, at: horizon.advanced(by: .seconds(-1)))
            var stranger = member
            member.claimedEmail = AccountCase.admin
            stranger.claimedEmail = "stranger@example.org"
            try await book.append([member, stranger])
            #expect(try await book.list(AuditFilter(), of: .first).entries.map(\.email) == [AccountCase.admin])
            #expect(try await book.list(AuditFilter(), of: TenantID(rawValue: "other")).entries.isEmpty)
            try await book.remove(before: horizon)
            let left: Int? = try await test.database.read(as: .every) { try $0.value("SELECT count(*) FROM audit") }
            #expect(left == 0)
        }
    }

    @Test("never changes, and goes only when it is old")
    func appendOnly() async throws {
        let test = try await SiteCase()
        _ = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: try test.token())
        #expect(try await test.audited().count == 1)
        let attempts: [SQL] = [
            "UPDATE audit SET email = 'b'", "DELETE FROM audit", "DELETE FROM audit_horizon",
            "UPDATE audit_horizon SET time = 9000000000000000", "UPDATE audit_horizon SET time = -1",
        ]
        for sql in attempts {
            await #expect(throws: DatabaseError.self) { _ = try await test.database.write { try $0.execute(sql) } }
        }
        _ = try await test.database.write { connection in
            try connection.execute(
                "INSERT INTO audit (time, tenant, address, method, ids) VALUES (1, 'default', '', 'a.b', '[]')"
            )
        }
        try await test.book.remove(before: Timestamp.now.advanced(by: .seconds(-2 * 86_400)))
        #expect(try await test.audited().map(\.method) == ["target.create"])
    }

    @Test("lets nothing be changed while there is no room for its row")
    func bounded() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        for index in 0..<1_000 {
            _ = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(index)"}"#, token: token)
            test.advance(by: .seconds(1))
        }
        #expect(test.audit.waitingCount == 1_000)
        let refused = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        #expect(refused.status == 429)
        #expect(test.owner.createdCount == 1_000)
        #expect(await test.ask(.get, "/api/v1/targets", token: token).status == 200)
        #expect(try await test.audited().count == 1_000)
        #expect(await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token).status == 201)
    }
}
