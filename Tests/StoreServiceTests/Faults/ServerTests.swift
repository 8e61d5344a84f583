import Contracts
import Database
import Foundation
import JSONRPC
import ServiceTesting
import StoreService
import TestServers
import Testing

/// What becomes of a server while agents send, and what heals it.
enum ServerFault: String, CaseIterable, CustomTestStringConvertible {
    case restart, kill, suspend, readOnly, noConnections

    var testDescription: String { rawValue }

    func strike(_ server: PostgresServer) throws {
        switch self {
        case .restart: server.stop()
        case .kill: server.kill()
        case .suspend: server.suspend()
        case .readOnly:
            try server.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            try server.execute("SELECT pg_reload_conf()")
            try server.execute(Self.disconnect)
        case .noConnections:
            try server.execute("ALTER ROLE store CONNECTION LIMIT 0")
            try server.execute(Self.disconnect)
        }
    }

    func heal(_ server: PostgresServer) throws {
        switch self {
        case .restart, .kill: try server.start()
        case .suspend: server.resume()
        case .readOnly:
            try server.execute("ALTER SYSTEM RESET default_transaction_read_only")
            try server.execute("SELECT pg_reload_conf()")
        case .noConnections: try server.execute("ALTER ROLE store CONNECTION LIMIT -1")
        }
    }

    private static let disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'store'"
}

@Suite("A store on a PostgreSQL server", .serialized)
struct ServerTests {
    @Test("that goes away while agents send acknowledges what is stored, and goes on when it is back")
    func faults() async throws {
        let server = try PostgresServer()
        try server.execute("CREATE ROLE store LOGIN NOSUPERUSER NOBYPASSRLS")
        try server.execute("CREATE DATABASE store OWNER store")
        let directory = try TemporaryDirectory()
        usePostgres(server.url("store", user: "store"), in: directory)
        let (history, time, clock) = (History(), ManualTime(), StandingClock(.postgres))
        try await withStore(in: directory, on: .postgres, time: time, clock: clock) { store in
            for fault in ServerFault.allCases {
                let before = history.acknowledgedCount
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { try await Self.sendUntilStored(history, store) } }
                    try await Self.until { history.acknowledgedCount > before + 30 }
                    try fault.strike(server)
                    clock.wake()
                    // Long enough for each agent to meet it.
                    try await ContinuousClock().sleep(for: .milliseconds(500))
                    let during = history.acknowledgedCount
                    try fault.heal(server)
                    try await Self.until { history.acknowledgedCount > during + 60 }
                    group.cancelAll()
                    while try await group.next() != nil {}
                }
                await clock.untilSleeping()
                clock.wake()
                await clock.untilSleeping()
                try await history.check(store)
            }
            await history.sendAgain(to: store.client)
            try await history.check(store)
        }
    }

    /// Sends batches, each until it is acknowledged, as an agent does.
    private static func sendUntilStored(_ history: History, _ store: StoreCase) async throws {
        let watch = Watch(targets: 2)
        for number in 0..<10_000 where !Task.isCancelled {
            let batch = watch.batch(6, before: store.time.now.advanced(by: .seconds(-10 * (number % 500))))
            while await !history.send(batch, to: store.client), !Task.isCancelled { await pause() }
        }
    }

    private static func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "agents cannot send for a minute")
            await pause()
        }
    }

    @Test("beside another store: nothing is lost or doubled when one dies, and a follower sees each row once, in order")
    func two() async throws {
        let directory = try TemporaryDirectory()
        let (history, time) = (History(), ManualTime())
        let configure: @Sendable (inout StoreSettings) -> Void = { settings in
            (settings.compaction.rows, settings.compaction.rowsAtOnce) = (200, 50)
        }
        try await withStore(in: directory, on: .postgres, time: time, configure: configure) { survivor in
            let stream = try await survivor.client.follow(.followMeasurements, FollowRequest(cursor: 0))
            let batches = (0..<4).map { _ in
                let watch = Watch(targets: 2)
                return (0..<12).map { watch.batch(14, before: time.now.advanced(by: .seconds(-15 * $0))) }
            }
            try await withStore(in: directory, on: .postgres, time: time, configure: configure) { database in
                MortalDatabase(database, after: 25, isLastCommitted: true)
            } _: { victim in
                await withTaskGroup(of: Void.self) { group in
                    for (number, batches) in batches.enumerated() {
                        group.addTask {
                            for batch in batches {
                                await history.send(batch, to: number % 2 == 0 ? victim.client : survivor.client)
                            }
                        }
                    }
                }
            }
            // What the dead one did not acknowledge, and late duplicates of what it did, come to the other one.
            await history.sendAgain(to: survivor.client)
            var ids: [UUIDv7] = []
            var cursor = 0
            while ids.count < 4 * 12 * 14 {
                let event = try #require(try await stream.next())
                #expect(event.cursor == cursor + 1)
                cursor = event.cursor
                ids += event.batch.ids
            }
            #expect(Set(ids).count == ids.count)
            time.advance(by: .seconds(31))
            try await history.check(survivor)
        }
        try await withStore(in: directory, on: .postgres, time: time) { try await history.check($0) }
    }
}
