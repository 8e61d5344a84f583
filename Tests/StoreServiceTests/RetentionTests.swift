import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Synchronization
import Testing

@Suite("Retention")
struct RetentionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("removes days that are too old, and leaves the sums of their minutes", arguments: DatabaseEngine.allCases)
    func rows(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let clock = StandingClock(engine)
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            let (old, kept) = (Watch(targets: 2), Watch())
            let start = time.now
            for number in 0..<6 {
                let end = start.advanced(by: .seconds(-10_000 * number))
                _ = try await store.client.call(.appendMeasurements, old.batch(4_000, before: end))
            }
            // The rows go into chunks before they are removed.
            clock.wake()
            await clock.untilSleeping()
            let span = SummaryFilter(from: start.advanced(by: .seconds(-86_400)), to: start)
            let before = try await store.client.call(.summarizeMeasurements, span)
            #expect(before.overall.count == 24_000)
            time.advance(by: .seconds(31 * 86_400))
            _ = try await store.client.call(.appendMeasurements, kept.batch(10, before: time.now))
            clock.wake()
            await clock.untilSleeping()
            let rows = MeasurementFilter(from: span.from, to: span.to, limit: 10)
            #expect(try await store.client.call(.listMeasurements, rows).measurements.isEmpty)
            let latest = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(latest.measurements.map(\.agentID) == [kept.agentID])
            // A series whose rows are all gone goes on where it was, and its sums are what they were.
            #expect(try await store.client.call(.summarizeMeasurements, span) == before)
            _ = try await store.client.call(.appendMeasurements, old.batch(2, before: time.now))
            #expect(try await store.client.call(.summarizeMeasurements, span) == before)
        }
    }

    @Test("counts what comes late for days that are gone, and shows none of it", arguments: DatabaseEngine.allCases)
    func late(engine: DatabaseEngine) async throws {
        let time = ManualTime()
        let clock = StandingClock(engine)
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            func upkeep() async {
                clock.wake()
                await clock.untilSleeping()
            }
            let watch = Watch()
            let start = time.now
            let span = SummaryFilter(from: start.advanced(by: .seconds(-86_400)), to: start)
            func expectSums(of count: Int) async throws {
                #expect(try await store.client.call(.summarizeMeasurements, span).overall.count == count)
                let rows = MeasurementFilter(from: span.from, to: span.to, limit: 10)
                #expect(try await store.client.call(.listMeasurements, rows).measurements.isEmpty)
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(2_000, before: start))
            await upkeep()
            time.advance(by: .seconds(31 * 86_400))
            await upkeep()
            try await expectSums(of: 2_000)
            let late = watch.batch(100, before: start.advanced(by: .seconds(-1_000)))
            #expect(try await store.client.call(.appendMeasurements, late).stored == 100)
            try await expectSums(of: 2_100)
            await upkeep()
            try await expectSums(of: 2_100)
            time.advance(by: .seconds(86_400))
            await upkeep()
            try await expectSums(of: 2_100)
            let chunks: Int? = try await store.database.read { connection in
                try connection.enter(tenant: RowGuard.everyTenant)
                return try connection.value("SELECT count(*) FROM chunk")
            }
            #expect(chunks == 0)
            let report = try await StoreCheck.run(
                on: store.database,
                retention: RetentionSettings(),
                now: time.now
            )
            #expect(report.faults == [])
        }
    }
}

/// A clock whose sleepers sleep until they are woken.
final class StandingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var count = 0
    }

    /// Loops of a store that sleep: with a server there is one more, which looks for what others commit.
    private let loops: Int
    private let state = Mutex(State())

    init(_ engine: DatabaseEngine = .sqlite) {
        loops = engine == .postgres ? 3 : 2
    }

    init(loops: Int) { self.loops = loops }

    var now: Instant { .now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.sleepers[number] = continuation }
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    func wake() {
        let sleepers = state.withLock { state in
            defer { state.sleepers = [:] }
            return state.sleepers.values
        }
        for sleeper in sleepers { sleeper.resume() }
    }

    /// Returns too when `isOver` says that they will not sleep any more.
    func untilSleeping(unless isOver: () -> Bool = { false }) async {
        while state.withLock({ $0.sleepers.count < loops }), !isOver() { await pause() }
    }

    private func cancel(_ number: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
}
