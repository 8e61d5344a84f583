import Contracts
import Database
import Foundation
import JSONRPC
import ServiceTesting
import StoreService
import Synchronization
import TestServers
import Testing

@Suite("The process of a store", .serialized, .timeLimit(.minutes(30)))
struct StoreKillTests {
    /// `make soak` asks for many.
    private static var rounds: Int {
        ProcessInfo.processInfo.environment["SONDE_SOAK_STORE_KILLS"].flatMap(Int.init) ?? 6
    }

    @Test(
        "killed again and again while agents send, loses nothing that it acknowledged and stores nothing twice",
        arguments: DatabaseEngine.allCases
    )
    func killedStore(engine: DatabaseEngine) async throws {
        let directory = try TemporaryDirectory()
        let process = try StoreProcess(on: try Self.database(of: directory, engine))
        let (history, time) = (History(), ManualTime(.now))
        let agents = (0..<4).map { _ in Agent(time.now, history) }
        for _ in 0..<Self.rounds {
            try process.start()
            try await process.withClient { client in
                let enough = history.acknowledgedCount + 20 * Int.random(in: 1...60)
                await withTaskGroup(of: Void.self) { group in
                    for agent in agents { group.addTask { await agent.send(to: client) } }
                    await Self.until { history.acknowledgedCount >= enough }
                    let instant = ContinuousClock.now + .microseconds(Int.random(in: 0..<5_000))
                    await Self.until { ContinuousClock.now >= instant }
                    process.kill()
                    group.cancelAll()
                }
            }
        }
        time.advance(by: .seconds(120))
        try await withStore(in: directory, on: engine, time: time) { store in
            try await history.check(store)
            await history.sendAgain(to: store.client)
            try await history.check(store)
        }
    }

    @Test("ends with a code and one line when the database is of a newer version", arguments: DatabaseEngine.allCases)
    func newer(engine: DatabaseEngine) async throws {
        let directory = try TemporaryDirectory()
        let process = try StoreProcess(on: try Self.database(of: directory, engine))
        try await withStore(in: directory, on: engine) { store in
            _ = try await store.database.write { connection in
                try connection.execute("INSERT INTO schema_migration VALUES (99, 'later', 0)")
            }
        }
        try process.start()
        let (code, output) = try await process.end()
        #expect(code == 73)
        let line = "store: the database has schema version 99, this program knows 3; run a newer version\n"
        #expect(output == line)
    }

    private static func database(of directory: TemporaryDirectory, _ engine: DatabaseEngine) throws -> String {
        guard engine == .postgres else { return directory.path + "/store.db" }
        let server = try PostgresServer.shared()
        let name = try server.makeDatabase()
        try server.execute("CREATE ROLE \(name) LOGIN NOSUPERUSER NOBYPASSRLS")
        try server.execute("ALTER DATABASE \(name) OWNER TO \(name)")
        let url = server.url(name, user: name)
        usePostgres(url, in: directory)
        return url
    }

    private static func until(_ condition: () -> Bool) async {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition(), ContinuousClock.now < deadline { await pause() }
        #expect(ContinuousClock.now < deadline, "agents cannot send for a minute")
    }
}

/// Sends its rows batch by batch, the next when the one before is acknowledged.
private final class Agent: Sendable {
    private let watch = Watch(targets: 3)
    private let start: Timestamp
    private let history: History
    private let waiting = Mutex<(number: Int, batch: MeasurementBatch?)>((0, nil))

    init(_ start: Timestamp, _ history: History) {
        self.start = start
        self.history = history
    }

    /// Goes on until the other end is gone.
    func send(to client: RPCClient) async {
        while !Task.isCancelled, await history.send(next(), to: client) {
            waiting.withLock { $0.batch = nil }
        }
    }

    /// The one that was not acknowledged, or a new one; every fourth comes late.
    private func next() -> MeasurementBatch {
        waiting.withLock { waiting in
            if let batch = waiting.batch { return batch }
            waiting.number += 1
            let late = waiting.number % 4 == 0 ? 40_000 : 80_000
            let end = start.advanced(by: .seconds(waiting.number * 7 - late))
            let batch = watch.batch(20, before: end)
            waiting.batch = batch
            return batch
        }
    }
}
