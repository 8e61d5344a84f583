import Contracts
import Database
import Glibc
import JSON
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import TLS
import Testing
import Tokens

@testable import GatewayService

/// Accounts on a database of their own, with one administrator.
struct AccountCase: Sendable {
    static let password = "correct horse battery staple"
    let directory: TemporaryDirectory
    let database: SQLiteDatabase
    let accounts: Accounts

    init(clock: @escaping @Sendable () -> Int = { time(nil) }) async throws {
        directory = try TemporaryDirectory()
        database = try await SQLiteDatabase.open(directory.path + "/gateway.db")
        try await database.migrate(schema)
        let log = Log(label: "test", sink: MemorySink())
        let signer = try await SigningKeys.load(from: database)
        accounts = Accounts(database, hasher: try PasswordHasher(), signer: signer, log: log, clock: clock)
        _ = try await accounts.makeFirstAdmin(email: "Admin@example.org", password: Self.password)
    }

    func login(_ email: String = "admin@example.org", _ password: String = password) async throws -> TokenPair {
        try await accounts.login(Credentials(email: email, password: password))
    }

    /// What signing in is answered with when it fails.
    func refusal(_ email: String, _ password: String) async -> RPCError? {
        do {
            _ = try await login(email, password)
            return nil
        } catch {
            return error as? RPCError
        }
    }

    func refreshed(_ token: String) async throws -> TokenPair {
        try await accounts.refresh(RefreshToken(refreshToken: token))
    }
}

@Suite("Accounts", .timeLimit(.minutes(1)))
struct AccountTests {
    @Test("sign in who knows the password, in whatever case the address is written")
    func login() async throws {
        let test = try await AccountCase()
        let tokens = try await test.login("ADMIN@Example.org")
        #expect(tokens.expiresInSeconds == 300)
        #expect(tokens.accessToken.split(separator: ".").count == 3)
    }

    @Test("answer a wrong password and an unknown name alike")
    func wrong() async throws {
        let test = try await AccountCase()
        let wrong = await test.refusal("admin@example.org", "wrong")
        #expect(wrong?.code == .unauthenticated)
        for (email, password) in [
            ("nobody@example.org", AccountCase.password), ("", ""), ("admin@example.org", ""),
            ("admin@example.org", String(repeating: "x", count: 1 << 20)),
            ("admin@example.org", AccountCase.password + "\0"), ("' OR 1=1 --", "x"),
        ] {
            #expect(await test.refusal(email, password) == wrong)
        }
    }

    @Test("slow down from the fifth failure on, and tell how long to wait")
    func throttle() async throws {
        // Two seconds go by while a password is checked, and none between the attempts.
        let reads = Atomic<Int>(0)
        let test = try await AccountCase(
            clock: { 1_000_000 + (reads.wrappingAdd(1, ordering: .relaxed).newValue / 2) * 2 }
        )
        for _ in 0..<5 { #expect(await test.refusal("admin@example.org", "wrong")?.code == .unauthenticated) }
        let busy = await test.refusal("admin@example.org", AccountCase.password)
        #expect(busy?.code == .busy)
        #expect(busy?.data?["retry_after_ms"] != nil)
        #expect(await test.refusal("other@example.org", "wrong")?.code == .unauthenticated)
    }

    @Test("make the first administrator once")
    func firstAdmin() async throws {
        let test = try await AccountCase()
        #expect(try await test.accounts.makeFirstAdmin(email: "b@example.org", password: "x") == false)
        #expect(await test.refusal("b@example.org", "x")?.code == .unauthenticated)
    }

    @Test("rotate refresh tokens, and take one twice within the grace alone")
    func rotation() async throws {
        let test = try await AccountCase()
        let first = try await test.login()
        let second = try await test.refreshed(first.refreshToken)
        #expect(second.refreshToken != first.refreshToken)
        _ = try await test.refreshed(first.refreshToken)
        _ = try await test.database.write { try $0.execute("UPDATE refresh_token SET used_at = used_at - 11") }
        await #expect(throws: RPCError.self) { try await test.refreshed(first.refreshToken) }
        // Somebody else had it: nothing of its family is good any more.
        await #expect(throws: RPCError.self) { try await test.refreshed(second.refreshToken) }
        _ = try await test.login()
    }

    @Test("end a session at logout, and that alone")
    func logout() async throws {
        let test = try await AccountCase()
        let (one, other) = (try await test.login(), try await test.login())
        let next = try await test.refreshed(one.refreshToken)
        _ = try await test.accounts.logout(RefreshToken(refreshToken: next.refreshToken))
        await #expect(throws: RPCError.self) { try await test.refreshed(next.refreshToken) }
        await #expect(throws: RPCError.self) { try await test.refreshed(one.refreshToken) }
        _ = try await test.refreshed(other.refreshToken)
        _ = try await test.accounts.logout(RefreshToken(refreshToken: "unknown!"))
    }

    @Test("take no refresh token that has run out, or that is none", arguments: ["", "AAAA", "!", "a.b.c"])
    func noToken(text: String) async throws {
        let test = try await AccountCase()
        await #expect(throws: RPCError.self) { try await test.refreshed(text) }
        let token = try await test.login().refreshToken
        _ = try await test.database.write { try $0.execute("UPDATE refresh_token SET expires_at = 1") }
        await #expect(throws: RPCError.self) { try await test.refreshed(token) }
    }

    @Test("keep the key that signs over a restart")
    func signingKey() async throws {
        let test = try await AccountCase()
        let (one, two) = (
            try await SigningKeys.load(from: test.database), try await SigningKeys.load(from: test.database)
        )
        #expect(one.keyID == two.keyID)
    }

    @Test("double the pause up to a quarter of an hour, and forget it at success")
    func pauses() {
        var throttle = LoginThrottle()
        var pauses: [Int] = []
        for _ in 0..<16 {
            throttle.failed("a", now: 1_000)
            pauses.append(throttle.pause(for: "a", now: 1_000))
        }
        #expect(pauses == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(throttle.pause(for: "b", now: 1_000) == 0)
        #expect(throttle.pause(for: "a", now: 1_900) == 0)
        throttle.succeeded("a")
        #expect(throttle.pause(for: "a", now: 1_000) == 0)
    }
}
