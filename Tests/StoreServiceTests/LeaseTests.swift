import Configuration
import Contracts
import Database
import EventLoop
import HTTP
import ServiceTesting
import Testing

@testable import StoreService

@Suite("Stores that share a database", .timeLimit(.minutes(2)))
struct LeaseTests {
    @Test("are one sender, and another one when that stops")
    func twoStores() async throws {
        let (directory, time) = (try TemporaryDirectory(), ManualTime())
        let server = try PostServer { _ in HTTPResponse(status: 200) }
        let loop = try EventLoop(name: "exports")
        try loop.start()
        // Of each store three, and one that sends.
        let clock = StandingClock(loops: 8)
        let sending: @Sendable (String) -> (inout StoreSettings) -> Void = { name in
            { settings in
                settings.telemetry.instance = name
                settings.telemetry.remoteWrite = TelemetrySettings.Destination(url: server.url)
            }
        }
        try await withStore(in: directory, on: .postgres, time: time, clock: clock, configure: sending("a")) { a in
            try await withStore(in: directory, on: .postgres, time: time, clock: clock, configure: sending("b")) { b in
                let exports = ["a": await a.store.telemetry(on: loop), "b": await b.store.telemetry(on: loop)]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for export in exports.values { group.addTask { try await export.run() } }
                    var senders: [String] = []
                    for count in 1...3 {
                        await clock.untilSleeping()
                        time.advance(by: .seconds(60))
                        clock.wake()
                        await clock.untilSleeping()
                        let posts = try await server.posts(count)
                        #expect(posts.count == count)
                        senders.append(try WrittenSeries.all(in: posts[count - 1].body)[0]["instance"] ?? "")
                        if count == 2 { await exports[senders[0]]?.drain() }
                    }
                    #expect(senders[0] == senders[1])
                    #expect(senders[2] != senders[1])
                    group.cancelAll()
                    while (try? await group.next()) != nil {}
                }
            }
        }
    }

    @Test("send one at a time, and another one goes on when it is let, or after a while")
    func turns() async throws {
        let directory = try TemporaryDirectory()
        let database = try await openDatabase(of: directory, .postgres, StoreSettings(from: Environment()))
        try await database.migrate(schema)
        let (first, second) = (Lease(database, "otlp"), Lease(database, "otlp"))
        let other = Lease(database, "remote_write")
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        let later = { (seconds: Int) in now.advanced(by: .seconds(seconds)) }
        #expect(try await first.take(now, for: .seconds(130)))
        #expect(try await !second.take(later(1), for: .seconds(130)))
        #expect(try await other.take(later(1), for: .seconds(130)), "each destination has a lease of its own")
        #expect(try await first.take(later(60), for: .seconds(130)))
        #expect(try await !second.take(later(189), for: .seconds(130)))
        #expect(try await second.take(later(191), for: .seconds(130)))
        #expect(try await !first.take(later(192), for: .seconds(130)))
        try await first.release()
        #expect(try await !first.take(later(193), for: .seconds(130)), "it was not its own to release")
        try await second.release()
        #expect(try await first.take(later(194), for: .seconds(130)))
        await database.close()
    }
}
