import Contracts
import Database
import HTTP
import JSON
import JSONRPC
import Lifecycle
import ServiceTesting
import Synchronization
import Testing

@testable import GatewayService

@Suite("Idempotency keys", .timeLimit(.minutes(5)))
struct IdempotencyTests {
    private static let path = "/api/v1/targets"

    @Test("answer the same request the same, and carry it out once")
    func again() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        try await test.serving {
            let first = await test.ask(
                .post,
                Self.path,
                #"{"address":"a"}"#,
                token: token,
                with: ["idempotency-key": "k1"]
            )
            #expect(first.status == 201)
            for key in ["k1", "\"k1\""] {
                let next = await test.ask(
                    .post,
                    Self.path,
                    #"{"address":"a"}"#,
                    token: token,
                    with: ["idempotency-key": key]
                )
                #expect(next.status == 201)
                #expect(next.bytes == first.bytes)
                #expect(next.fields["location"] == first.fields["location"])
                #expect(next.fields["idempotency-replayed"] == "true")
            }
            #expect(test.owner.createdCount == 1)
            _ = await test.ask(.post, Self.path, #"{"address":"a"}"#, token: token, with: ["idempotency-key": "k2"])
            #expect(test.owner.createdCount == 2)
        }
    }

    @Test("are each person's own")
    func people() async throws {
        let test = try await SiteCase()
        try await test.serving {
            for email in ["a@example.org", "b@example.org"] {
                let token = try test.token(.editor, email)
                let made = await test.ask(
                    .post,
                    Self.path,
                    #"{"address":"a"}"#,
                    token: token,
                    with: ["idempotency-key": "k"]
                )
                #expect(made.status == 201)
                #expect(made.fields["idempotency-replayed"] == nil)
            }
            #expect(test.owner.createdCount == 2)
        }
    }

    @Test("stand for one request alone")
    func other() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        try await test.serving {
            _ = await test.ask(.post, Self.path, #"{"address":"a"}"#, token: token, with: ["idempotency-key": "k"])
            let other = await test.ask(
                .post,
                Self.path,
                #"{"address":"b"}"#,
                token: token,
                with: ["idempotency-key": "k"]
            )
            #expect(other.status == 422)
            for key in ["", " ", "a b", String(repeating: "k", count: 256)] {
                let bad = await test.ask(
                    .post,
                    Self.path,
                    #"{"address":"a"}"#,
                    token: token,
                    with: ["idempotency-key": key]
                )
                #expect(bad.status == 400)
                #expect(bad.json["field"] == "idempotency-key")
            }
            #expect(test.owner.createdCount == 1)
        }
    }

    @Test("refuse a second request while the first is under way, which ends even when its caller has gone")
    func underWay() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        test.owner.isSlow.withLock { $0 = true }
        try await test.serving {
            let ask = { @Sendable in
                await test.ask(.post, Self.path, #"{"address":"a"}"#, token: token, with: ["idempotency-key": "k"])
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = await ask() }
                await test.owner.begun.wait()
                #expect(await ask().status == 409)
                group.cancelAll()
                test.owner.gate.open()
                try await group.waitForAll()
            }
            let after = await ask()
            #expect(after.status == 201)
            #expect(after.fields["idempotency-replayed"] == "true")
            #expect(test.owner.createdCount == 1)
        }
    }

    @Test("keep what will not change, and give back what may be tried again")
    func outcomes() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        try await test.serving {
            for _ in 0..<2 {
                let taken = await test.ask(
                    .post,
                    Self.path,
                    #"{"address":"taken"}"#,
                    token: token,
                    with: ["idempotency-key": "c"]
                )
                #expect(taken.status == 409)
            }
            let viewer = try test.token(.viewer, "v@example.org")
            let refused = await test.ask(
                .post,
                Self.path,
                #"{"address":"a"}"#,
                token: viewer,
                with: ["idempotency-key": "k"]
            )
            #expect(refused.status == 403)
            let promoted = try test.token(.editor, "v@example.org")
            let made = await test.ask(
                .post,
                Self.path,
                #"{"address":"a"}"#,
                token: promoted,
                with: ["idempotency-key": "k"]
            )
            #expect(made.status == 201)
        }
    }

    @Test("are free again after what had no effect")
    func withoutEffect() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        try await test.serving {
            for (index, code) in [RPCError.Code.unavailable, .busy, .deadlineExceeded].enumerated() {
                test.owner.failure.withLock { $0 = RPCError(code, "not now") }
                let ask = { @Sendable in
                    await test.ask(
                        .post,
                        Self.path,
                        #"{"address":"a"}"#,
                        token: token,
                        with: ["idempotency-key": "k\(index)"]
                    )
                }
                #expect(await ask().status >= 429)
                #expect(await ask().status == 201)
                #expect(test.owner.createdCount == index + 1)
            }
        }
    }

    @Test(
        "are used up by what may have had its effect",
        arguments: [
            RPCError(.internalError, "a bug"), RPCError(.deadlineExceeded, "late").withUnknownOutcome,
            RPCError(.unavailable, "lost").withUnknownOutcome,
        ]
    )
    func unknown(_ failure: RPCError) async throws {
        let test = try await SiteCase()
        let token = try test.token()
        try await test.serving {
            test.owner.failure.withLock { $0 = failure }
            let ask = { @Sendable in
                await test.ask(.post, Self.path, #"{"address":"a"}"#, token: token, with: ["idempotency-key": "k"])
            }
            #expect(await ask().status >= 500)
            let next = await ask()
            #expect(next.status == 409)
            #expect(next.json["detail"]?.text?.contains("nobody knows") == true)
            #expect(test.owner.createdCount == 1)
        }
    }

    @Test("are free again when nobody knows whether they were claimed, for then nothing was carried out")
    func lostClaim() async throws {
        let test = try await SiteCase()
        let person = test.person(.editor, of: "default", "a").id
        let book = IdempotencyBook(LosingDatabase(test.database))
        let now = Timestamp.now
        let error = await #expect(throws: DatabaseError.self) {
            try await book.claim("k", of: person, [1], now: now)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isOutcomeUnknown == false)
        guard case .new = try await book.claim("k", of: person, [1], now: now) else { return fail("not free") }
    }

    @Test("are forgotten after a day, and nobody knows what became of them two minutes after a kill")
    func forgetting() async throws {
        let test = try await SiteCase()
        let book = IdempotencyBook(test.database)
        let person = test.person(.editor, of: "default", "a").id
        let start = Timestamp(microseconds: 1_800_000_000_000_000)
        let key: [UInt8] = [1]
        guard case .new = try await book.claim("k", of: person, key, now: start) else { return fail("not new") }
        let soon = start.advanced(by: .seconds(60))
        guard case .underWay = try await book.claim("k", of: person, key, now: soon) else {
            return fail("not under way")
        }
        let later = start.advanced(by: .seconds(121))
        guard case .lost = try await book.claim("k", of: person, key, now: later) else {
            return fail("not lost")
        }
        try await book.finish(
            "k",
            of: person,
            HTTPResponse(status: 201, contentType: "application/json", [0x7b, 0x7d])
        )
        let day = start.advanced(by: .seconds(86_399))
        guard case .answered(let answer) = try await book.claim("k", of: person, key, now: day) else {
            return fail("forgotten")
        }
        #expect(answer.status == 201)
        let after = start.advanced(by: .seconds(86_401))
        guard case .new = try await book.claim("k", of: person, key, now: after) else { return fail("kept") }
    }
}

/// A database whose first commit is made, and not confirmed.
private struct LosingDatabase: Database {
    private let database: any Database
    private let hasLost = Latest(false)

    init(_ database: any Database) { self.database = database }

    var engine: DatabaseEngine { database.engine }
    var statistics: DatabaseStatistics { database.statistics }

    func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await database.read(deadline: deadline, body)
    }

    func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        let result = try await database.write(deadline: deadline, body)
        guard !hasLost.current.value else { return result }
        hasLost.update(true)
        var error = DatabaseError(.unavailable, "lost")
        error.isOutcomeUnknown = true
        throw error
    }

    func close() async { await database.close() }
}
