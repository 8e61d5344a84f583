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

    @Test("removes what is too old, a little at a time, and nothing else")
    func rows() async throws {
        let time = ManualTime()
        let clock = StandingClock()
        try await withStore(in: directory, time: time, clock: clock) { store in
            await clock.untilSleeping()
            let (old, kept) = (Watch(targets: 2), Watch())
            for number in 0..<6 {
                let end = time.now.advanced(by: .seconds(-10_000 * number))
                _ = try await store.client.call(.appendMeasurements, old.batch(4_000, before: end))
            }
            time.advance(by: .seconds(30 * 86_400 + 1))
            _ = try await store.client.call(.appendMeasurements, kept.batch(10, before: time.now))
            #expect(try await rowCount(store) == 24_010)
            clock.wake()
            await clock.untilSleeping()
            #expect(try await rowCount(store) == 10)
            let latest = try await store.client.call(.latestMeasurements, LatestFilter())
            #expect(latest.measurements.map(\.agentID) == [kept.agentID])
            // A series whose rows are all gone goes on where it was.
            _ = try await store.client.call(.appendMeasurements, old.batch(2, before: time.now))
            #expect(try await rowCount(store) == 12)
        }
    }

    private func rowCount(_ store: StoreCase) async throws -> Int {
        try await store.database.read { try $0.value("SELECT count(*) FROM measurement") ?? 0 }
    }
}

/// A clock whose sleepers sleep until they are woken.
final class StandingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        var sleeper: CheckedContinuation<Void, any Error>?
    }

    private let state = Mutex(State())

    var now: Instant { .now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.sleeper = continuation }
                if Task.isCancelled { cancel() }
            }
        } onCancel: {
            cancel()
        }
    }

    func wake() {
        state.withLock { $0.sleeper.take() }?.resume()
    }

    func untilSleeping() async {
        while state.withLock({ $0.sleeper == nil }) { await Task.yield() }
    }

    private func cancel() {
        state.withLock { $0.sleeper.take() }?.resume(throwing: CancellationError())
    }
}
