import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Testing

/// What is done to a database behind the store's back, and the fault that tells of it.
struct Harm: Sendable, CustomTestStringConvertible {
    var statement: SQL
    var fault: String

    var testDescription: String { fault }

    static let all = [
        Harm(statement: "UPDATE chunk SET rows = rows + 1 WHERE series = 1", fault: "rows, and says"),
        Harm(statement: "UPDATE chunk SET last = last + 1 WHERE series = 1", fault: "first and last time"),
        Harm(statement: "UPDATE chunk SET numbers = x'00' WHERE series = 1", fault: "its rows cannot be read"),
        Harm(
            statement: "UPDATE chunk SET metadata = substr(metadata, 1, length(metadata) - 1) WHERE series = 2",
            fault: "its rows cannot be read"
        ),
        Harm(statement: "DELETE FROM chunk WHERE series = 1", fault: "and in no chunk"),
        Harm(
            statement: """
                INSERT INTO chunk SELECT day, series, first + 1, last, tenant, rows, numbers, metadata FROM chunk
                WHERE series = 1
                """,
            fault: "begins before the one before it ends"
        ),
        Harm(
            statement: """
                INSERT INTO chunk SELECT day, series, first + 1, last, tenant, rows, numbers, metadata FROM chunk
                WHERE series = 1
                """,
            fault: "is stored twice"
        ),
        Harm(statement: "UPDATE chunk SET series = 7 WHERE series = 1", fault: "chunks of series 7, which is none"),
        Harm(statement: "UPDATE rollup SET series = 7 WHERE series = 1", fault: "roll-ups of series 7, which is none"),
        Harm(statement: "DELETE FROM rollup WHERE series = 1 AND step = 3600", fault: "has rows and no sum"),
        Harm(
            statement: """
                UPDATE rollup SET rollup = (SELECT rollup FROM rollup WHERE series = 2 AND step = 86400)
                WHERE series = 1 AND step = 86400
                """,
            fault: "its latencies are not those of its rows"
        ),
        Harm(statement: "UPDATE rollup SET rollup = x'ff' WHERE series = 1", fault: "its sum cannot be read"),
        Harm(statement: "DELETE FROM progress WHERE series = 1", fault: "nothing says how far they are"),
        Harm(statement: "UPDATE progress SET newest_at = 5 WHERE series = 1", fault: "later rows than its newest time"),
        Harm(
            statement: "UPDATE progress SET highest_id = zeroblob(16) WHERE series = 1",
            fault: "higher ids than its highest id"
        ),
        Harm(statement: "UPDATE progress SET flushed = 99 WHERE series = 1", fault: "but the log ends with"),
        Harm(statement: "UPDATE progress SET flushed = 0 WHERE series = 1", fault: "never came into chunks"),
        Harm(statement: "UPDATE flushed SET cursor = 99", fault: "is in chunks, but it ends with"),
        Harm(statement: "DELETE FROM event WHERE cursor = 2", fault: "nothing between commit 1 and commit 3"),
        Harm(statement: "UPDATE event SET rows = 1 WHERE cursor = 2", fault: "the rows of commit 2 cannot be read"),
        Harm(statement: "DELETE FROM series WHERE id = 1", fault: "the numbers of series have gaps"),
        Harm(
            statement: "INSERT INTO minutes (day, series, tenant, rollups) VALUES (1, 1, 'default', x'00')",
            fault: "the minutes of day 1 cannot be read"
        ),
    ]
}

@Suite("The check of a store's database")
struct IntegrityTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Three commits of two targets, now and late; in chunks when the clock has been woken.
    private static func fill(_ store: StoreCase) async throws {
        let watch = Watch(targets: 2)
        for late in [0, 3_600, 86_400] {
            let end = store.time.now.advanced(by: .seconds(-late))
            let batch = watch.batch((0..<200).map { (end.advanced(by: .seconds(-$0)), $0 % 7 == 0 ? nil : 1.5) })
            _ = try await store.client.call(.appendMeasurements, batch)
        }
    }

    @Test("finds none in what is in chunks and in what is not", arguments: DatabaseEngine.allCases)
    func sound(engine: DatabaseEngine) async throws {
        let clock = StandingClock(engine)
        try await withStore(in: directory, on: engine, clock: clock) { store in
            try await Self.fill(store)
            let before = try await Self.check(store)
            #expect((before.faults, before.rows, before.waitingRows) == ([], 0, 600))
            await clock.untilSleeping()
            clock.wake()
            await clock.untilSleeping()
            let after = try await Self.check(store)
            #expect((after.faults, after.rows, after.waitingRows) == ([], 600, 0))
            #expect((after.series, after.commits) == (2, 3))
            try await Self.fill(store)
            let both = try await Self.check(store)
            #expect((both.faults, both.rows, both.waitingRows) == ([], 600, 600))
        }
    }

    @Test("misses nothing in a log of which each tenant's newest commit is left", arguments: DatabaseEngine.allCases)
    func pruned(engine: DatabaseEngine) async throws {
        let (clock, time) = (StandingClock(engine), ManualTime())
        let (idle, busy) = (Watch(), Watch())
        let owners = checkOwners { $0.checkID == idle.series[0].checkID ? .first : Person.stranger.tenant }
        try await withStore(in: directory, on: engine, time: time, clock: clock, orchestrator: owners) { store in
            for watch in [idle, busy, busy, busy] {
                _ = try await store.client.call(.appendMeasurements, watch.batch(2, before: time.now))
                time.advance(by: .seconds(86_400))
                for _ in 0..<2 {
                    await clock.untilSleeping()
                    clock.wake()
                    await clock.untilSleeping()
                }
            }
            let report = try await Self.check(store)
            #expect(report.faults == [])
            #expect(report.commits == 2)
            let left = try await store.database.read { connection in
                try connection.enter(tenant: "*")
                return try connection.rows("SELECT cursor FROM event ORDER BY cursor") { row in try row.integer(0) }
            }
            #expect(left == [1, 4])
        }
    }

    @Test("tells of what is wrong", arguments: Harm.all)
    func faults(harm: Harm) async throws {
        let clock = StandingClock()
        try await withStore(in: directory, clock: clock) { store in
            try await Self.fill(store)
            await clock.untilSleeping()
            clock.wake()
            await clock.untilSleeping()
            _ = try await store.database.write { try $0.execute(harm.statement) }
            let report = try await Self.check(store)
            #expect(report.faults.contains { $0.contains(harm.fault) }, "\(report.faults)")
            #expect(report.text.contains(harm.fault))
        }
    }

    @Test("counts all faults and tells of a hundred")
    func many() async throws {
        try await withStore(in: directory) { store in
            for series in 1...150 {
                _ = try await store.database.write { connection in
                    try connection.execute(
                        "INSERT INTO rollup VALUES (3600, \(series), 0, 'default', x'00')"
                    )
                }
            }
            let report = try await Self.check(store)
            #expect((report.faultCount, report.faults.count) == (150, 100))
            #expect(report.text.hasSuffix("and 50 more\n"))
        }
    }

    @Test("refuses a database that is of a newer version, or no store's")
    func strangers() async throws {
        let path = directory.path + "/other.db"
        let database = try await SQLiteDatabase.open(path)
        await #expect(throws: DatabaseError.self) {
            try await StoreCheck.run(on: database, retention: RetentionSettings())
        }
        try await database.migrate((1...4).map { Migration($0, "number \($0)", []) })
        let error = await #expect(throws: DatabaseError.self) {
            try await StoreCheck.run(on: database, retention: RetentionSettings())
        }
        #expect(error?.code == .newerSchema)
        await database.close()
    }

    private static func check(_ store: StoreCase) async throws -> StoreReport {
        try await StoreCheck.run(on: store.database, retention: RetentionSettings(), now: store.time.now)
    }
}
