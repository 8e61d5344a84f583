import Synchronization
import TestServers
import Testing

@testable import Database

@Suite("Watched database", .timeLimit(.minutes(5)))
struct WatchedDatabaseTests {
    /// What was told, and a time that the test chooses.
    private final class Case: Sendable {
        private let heard = Mutex<[String]>([])
        private let time = Mutex(ContinuousClock.now)

        var told: [String] { heard.withLock { $0 } }

        func advance(by duration: Duration) { time.withLock { $0 += duration } }

        func watch(_ database: any Database) -> WatchedDatabase {
            WatchedDatabase(database, now: { [self] in time.withLock { $0 } }) { [self] error in
                heard.withLock { $0.append(error.map { "\($0.code)" } ?? "well") }
            }
        }
    }

    private func tries(_ database: WatchedDatabase, write: Bool) async throws {
        let ask: @Sendable (any DatabaseConnection) throws -> Int? = { try $0.value("SELECT 1", as: Int.self) }
        _ = write ? try await database.write(ask) : try await database.read(ask)
    }

    @Test("tells once that its server has gone, and once that it is back")
    func outage() async throws {
        let server = try PostgresServer()
        try await withPostgres(.impatient, on: server) { opened in
            let told = Case()
            let database = told.watch(opened)
            try await tries(database, write: true)
            #expect(told.told.isEmpty)
            server.stop()
            for _ in 1...3 {
                await #expect(throws: DatabaseError.self) { try await tries(database, write: false) }
                await #expect(throws: DatabaseError.self) { try await tries(database, write: true) }
            }
            #expect(told.told == ["unavailable"])
            try server.start()
            // Each connection finds out for itself.
            while (try? await tries(database, write: false)) == nil { await Task.yield() }
            while (try? await tries(database, write: true)) == nil { await Task.yield() }
            #expect(told.told.last == "well")
        }
    }

    @Test("is not well for what it can still read, until nothing has failed for a while")
    func readable() async throws {
        let server = try PostgresServer()
        try await withPostgres(.impatient, on: server) { opened in
            let told = Case()
            let database = told.watch(opened)
            try server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            try server.execute("SELECT pg_reload_conf()")
            while told.told.isEmpty {
                try? await database.write { connection in
                    try connection.execute("CREATE TABLE other (id int)")
                    throw CancellationError()
                }
            }
            #expect(told.told == ["unavailable"])
            try await tries(database, write: false)
            told.advance(by: .seconds(9))
            try await tries(database, write: false)
            #expect(told.told == ["unavailable"])
            told.advance(by: .seconds(1))
            try await tries(database, write: false)
            #expect(told.told == ["unavailable", "well"])
        }
    }

    @Test("says nothing of a wrong statement")
    func mistakes() async throws {
        try await withSQLite { opened in
            let told = Case()
            let database = told.watch(opened)
            await #expect(throws: DatabaseError.self) { try await database.read { try $0.execute("SELECT none") } }
            #expect(told.told.isEmpty)
        }
    }
}
