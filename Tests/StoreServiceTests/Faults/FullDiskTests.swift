import Contracts
import Database
import Foundation
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import TestServers
import Testing

@Suite("A store on a disk that is full", .serialized, .enabled(if: SmallDisk.isAllowed))
struct FullDiskTests {
    private static let diskBytes = 48 << 20

    /// A disk that the files of the store's database are on, with PostgreSQL those of a server of its own: one that
    /// cannot write what it has in memory does so for all.
    private static func disk(
        under directory: TemporaryDirectory,
        _ engine: DatabaseEngine
    ) throws -> (disk: SmallDisk, server: PostgresServer?) {
        guard engine == .postgres else { return (try SmallDisk(bytes: diskBytes, on: directory.path), nil) }
        let server = try PostgresServer()
        let disk = try server.makeTablespace("small", bytes: diskBytes)
        try server.execute("CREATE ROLE crowded LOGIN NOSUPERUSER NOBYPASSRLS")
        try server.execute("CREATE DATABASE crowded OWNER crowded TABLESPACE small")
        usePostgres(server.url("crowded", user: "crowded"), in: directory)
        return (disk, server)
    }

    @Test("says so once in its log and all the time in its readiness, until there is room")
    func readiness() async throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(bytes: Self.diskBytes, on: directory.path)
        let process = try StoreProcess(on: directory.path + "/store.db")
        try process.start()
        let (history, watch) = (History(), Watch(targets: 2))
        try await process.withClient { client in
            func send() async -> Bool { await history.send(watch.batch(200, before: .now), to: client) }
            while await !send() { await pause() }
            #expect(try await process.readiness() == "200 ready\n")
            try disk.fill(leaving: 1 << 17)
            while await send() {}
            for _ in 1...3 { #expect(await !send()) }
            #expect(try await process.readiness() == "503 not ready: database\n")
            #expect(try await process.ask("/metrics").contains("\nsonde_ready 0.0\n"))
            try disk.empty()
            while await !send() { await pause() }
            // Nothing fails any more, which it believes after a while.
            while try await process.readiness() != "200 ready\n" {
                _ = await send()
                await pause()
            }
        }
        let log = try process.log()
        #expect(log.ranges(of: "\"not ready\"").count == 1)
        #expect(log.ranges(of: "\"ready again\"").count == 1)
    }

    @Test("acknowledges what is stored alone, and goes on when there is room", arguments: DatabaseEngine.allCases)
    func full(engine: DatabaseEngine) async throws {
        let directory = try TemporaryDirectory()
        let (disk, server) = try Self.disk(under: directory, engine)
        let (history, time, clock) = (History(), ManualTime(), StandingClock(engine))
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            let agent = Agent(history, store)
            #expect(await agent.send())
            for round in 1...2 {
                try disk.fill(leaving: round << 17)
                var isFull = false
                for _ in 0..<1_000 where !isFull { isFull = await !agent.send() }
                #expect(isFull, "so much does not go onto the disk")
                // Rows cannot go into chunks either, and are not lost by that.
                clock.wake()
                await clock.untilSleeping()
                try await history.check(store)
                try disk.empty()
                await history.sendAgain(to: store.client)
                #expect(await agent.send())
                // What waited, and what came since.
                for _ in 1...2 {
                    clock.wake()
                    await clock.untilSleeping()
                }
                try await history.check(store)
                #expect(store.counts.contains("sonde_store_head_rows 0.0"))
            }
        }
        time.advance(by: .seconds(31))
        try await withStore(in: directory, on: engine, time: time) { try await history.check($0) }
        // It holds files there.
        server?.stop()
    }

    @Test("acknowledges what is stored alone when its server has no room for the log, and ends without it")
    func fullLog() async throws {
        let directory = try TemporaryDirectory()
        let server = try PostgresServer()
        let disk = try server.moveLog(bytes: 16 << 20)
        usePostgres(try server.makeRestrictedURL(), in: directory)
        let (history, time, clock) = (History(), ManualTime(), StandingClock(.postgres))
        try await withStore(in: directory, on: .postgres, time: time, clock: clock) { store in
            await clock.untilSleeping()
            let agent = Agent(history, store)
            #expect(await agent.send())
            try disk.fill(leaving: 0)
            var isFull = false
            for _ in 0..<100 where !isFull {
                isFull = await !agent.send()
                // What is left of a file of the log, so that it does not take as many rows as go into it.
                try? server.execute("SELECT pg_switch_wal()")
            }
            #expect(isFull, "so much does not go into the log")
            clock.wake()
            await clock.untilSleeping()
            try disk.empty()
            // It has ended, or recovers.
            server.stop()
            let error = await #expect(throws: RPCError.self) {
                try await store.client.call(.listMeasurements, MeasurementFilter())
            }
            #expect(error?.code == .unavailable)
            #expect(error?.data?["retry_after_ms"] == 1_000)
            try server.start()
            // Each connection finds that out for itself.
            var answers = 0
            while answers < 20 {
                let isRead = (try? await store.client.call(.listMeasurements, MeasurementFilter(limit: 1))) != nil
                let isStored = await agent.send()
                answers = isRead && isStored ? answers + 1 : 0
                if answers == 0 { await pause() }
            }
            await history.sendAgain(to: store.client)
            for _ in 1...2 {
                clock.wake()
                await clock.untilSleeping()
            }
            try await history.check(store)
        }
        time.advance(by: .seconds(31))
        try await withStore(in: directory, on: .postgres, time: time) { try await history.check($0) }
        server.stop()
        let log = try String(contentsOfFile: server.directory + "/log", encoding: .utf8)
        #expect(log.contains("PANIC:  could not write"), "the server had no room")
    }
}

/// Sends batches, each of rows before those of the last one.
private final class Agent {
    private let history: History
    private let store: StoreCase
    private let watch = Watch(targets: 2)
    private var number = 0

    init(_ history: History, _ store: StoreCase) {
        self.history = history
        self.store = store
    }

    /// Whether it was acknowledged.
    func send() async -> Bool {
        number += 1
        let batch = watch.batch(200, before: store.time.now.advanced(by: .seconds(-200 * number)))
        return await history.send(batch, to: store.client)
    }
}
