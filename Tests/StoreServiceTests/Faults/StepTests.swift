import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Synchronization
import Testing

@Suite("A store whose process ends")
struct StepTests {
    /// What agents send: rows of now, then late ones before, between and behind them.
    private static func batches(_ time: ManualTime) -> [MeasurementBatch] {
        let watch = Watch(targets: 3)
        return [0, 7_200, 30].map { late in
            let end = time.now.advanced(by: .seconds(-late))
            return watch.batch((0..<90).map { (end.advanced(by: .seconds(-$0)), $0 % 8 == 0 ? nil : 2.5) })
        }
    }

    @Test(
        "at any of its writes, before or after it is committed, loses nothing and doubles nothing",
        arguments: DatabaseEngine.allCases,
        [true, false]
    )
    func everyWrite(engine: DatabaseEngine, isLastCommitted: Bool) async throws {
        // A server's database takes a while to make; the writes are the same.
        let distance = engine == .postgres ? 4 : 1
        var writes = 0
        while try await dies(on: engine, after: writes, isLastCommitted) { writes += distance }
        #expect(writes > 12)
    }

    /// Whether the process ended; it does not when it has fewer writes.
    private func dies(on engine: DatabaseEngine, after writes: Int, _ isLastCommitted: Bool) async throws -> Bool {
        let directory = try TemporaryDirectory()
        let (history, time, clock) = (History(), ManualTime(), StandingClock(engine))
        let batches = Self.batches(time)
        let mortal = Mutex<MortalDatabase?>(nil)
        do {
            try await withStore(in: directory, on: engine, time: time, clock: clock, configure: Self.smallSteps) {
                base in
                let database = MortalDatabase(base, after: writes, isLastCommitted: isLastCommitted)
                mortal.withLock { $0 = database }
                return database
            } _: { store in
                @Sendable func isDead() -> Bool { mortal.withLock { $0?.isDead ?? false } }
                for batch in batches where !isDead() {
                    await history.send(batch, to: store.client)
                    await clock.untilSleeping(unless: isDead)
                    clock.wake()
                    await clock.untilSleeping(unless: isDead)
                }
            }
        } catch is DatabaseError {
            // It ended while it started.
        }
        let next = StandingClock(engine)
        // The lease of a process that has ended runs out.
        time.advance(by: .seconds(60))
        try await withStore(in: directory, on: engine, time: time, clock: next, configure: Self.smallSteps) { store in
            try await history.check(store)
            for batch in batches { await history.send(batch, to: store.client) }
            await history.sendAgain(to: store.client)
            try await history.check(store)
            await next.untilSleeping()
            next.wake()
            await next.untilSleeping()
            try await history.check(store)
            #expect(history.acknowledgedCount == 270)
        }
        return mortal.withLock { $0?.isDead ?? false }
    }

    /// Each series is moved in a transaction of its own.
    private static func smallSteps(_ settings: inout StoreSettings) { settings.compaction.rowsAtOnce = 1 }
}
