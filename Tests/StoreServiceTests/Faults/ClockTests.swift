import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("A store whose clock jumps")
struct ClockTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "by an hour, ahead or back and within one run or between two, stores each row once and moves it",
        arguments: DatabaseEngine.allCases
    )
    func jumps(engine: DatabaseEngine) async throws {
        let (history, time) = (History(), ManualTime())
        let watch = Watch(targets: 2)
        for jump in [3_600, -3_600, -3_600, 3_600, 7_200, -7_200] {
            let clock = StandingClock(engine)
            try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
                for jump in [0, jump / 2, jump - jump / 2] {
                    time.advance(by: .seconds(jump))
                    // Agents whose own clocks are right, and the same rows again.
                    let batch = watch.batch(50, before: time.now.advanced(by: .seconds(-jump)))
                    #expect(await history.send(batch, to: store.client))
                    await clock.untilSleeping()
                    clock.wake()
                    await clock.untilSleeping()
                    #expect(await history.send(batch, to: store.client))
                }
                try await history.check(store)
                // None waits in memory because of a time that another run wrote down.
                let isMoved = store.counts.contains("sonde_store_head_rows 0.0")
                #expect(isMoved)
            }
            // With a server it is not known whether the last run still moves rows, until its lease is over.
            time.advance(by: .seconds(31))
        }
    }
}
