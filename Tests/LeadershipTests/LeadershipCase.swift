import Database
import Foundation
import Leadership
import Observability
import TestServers

/// Several processes' views of one PostgreSQL database.
final class LeadershipCase: Sendable {
    private let url: PostgresURL

    init() throws {
        let server = try PostgresServer.shared()
        url = try PostgresURL(server.url(try server.makeDatabase()))
    }

    /// A connection pool of one process.
    func open(longestPause: Duration = .seconds(300)) async throws -> PostgresDatabase {
        try await PostgresDatabase.open(url, PostgresSettings(readers: 1, writers: 2, longestPause: longestPause))
    }

    func leadership(of database: any Database, as holder: String, clock: any Clock<Duration> = StepClock())
        -> Leadership
    {
        Leadership(
            of: "test",
            in: database,
            holder: holder,
            lease: .seconds(10),
            clock: clock,
            log: Log(label: "test", sink: MemorySink())
        )
    }
}

/// A clock whose every sleep is a call, and no longer than that.
struct StepClock: Clock {
    typealias Instant = ContinuousClock.Instant

    var onSleep: @Sendable () async throws -> Void = { await Task.yield() }

    var now: Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        try await onSleep()
    }
}

extension Database {
    func addNote(_ text: String) async throws {
        _ = try await write { try $0.execute("INSERT INTO note (text) VALUES (\(text))") }
    }

    func makeNotes() async throws {
        _ = try await write { try $0.execute("CREATE TABLE note (text TEXT)") }
    }

    func notes() async throws -> [String] {
        try await read { try $0.rows("SELECT text FROM note ORDER BY text") { try $0.text(0) } }
    }
}
