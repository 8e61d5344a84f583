import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Forgetting a target")
struct ForgettingTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("leaves nothing of it anywhere, and all of the others", arguments: DatabaseEngine.allCases, [false, true])
    func everything(engine: DatabaseEngine, isFlushed: Bool) async throws {
        let (time, clock) = (ManualTime(), StandingClock(engine))
        let watch = Watch(targets: 2)
        let (gone, kept) = (watch.series[0].targetID, watch.series[1].targetID)
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            await clock.untilSleeping()
            // Rows of two days, so that there are minutes, chunks, hours and days.
            _ = try await store.client.call(.appendMeasurements, watch.batch(200, before: time.now))
            time.advance(by: .seconds(40 * 86_400))
            _ = try await store.client.call(.appendMeasurements, watch.batch(200, before: time.now))
            if isFlushed {
                clock.wake()
                await clock.untilSleeping()
            }
            let before = try await Self.summary(store, kept)
            _ = try await store.client.call(.forgetTargets, ForgottenTargets(tenant: .first, targetIDs: [gone]))
            try await Self.check(store, gone)
            // What is in memory goes into chunks, but for that.
            clock.wake()
            await clock.untilSleeping()
            try await Self.check(store, gone)
            #expect(try await Self.summary(store, kept) == before)
            // An agent may still have rows of it.
            time.advance(by: .seconds(60))
            let late = watch.batch(10, before: time.now)
            #expect(try await store.client.call(.appendMeasurements, late).stored == 5)
            try await Self.check(store, gone)
            _ = try await store.client.call(.forgetTargets, ForgottenTargets(tenant: .first, targetIDs: [gone]))
        }
        try await withStore(in: directory, on: engine, time: time, clock: StandingClock(engine)) { store in
            try await Self.check(store, gone)
            time.advance(by: .seconds(60))
            #expect(try await store.client.call(.appendMeasurements, watch.batch(10, before: time.now)).stored == 5)
            try await Self.check(store, gone)
        }
    }

    private static func summary(_ store: StoreCase, _ target: TargetID) async throws -> Summary {
        let filter = SummaryFilter(targetID: target, from: store.time.now.advanced(by: .seconds(-50 * 86_400)))
        return try await store.client.call(.summarizeMeasurements, filter).overall
    }

    /// Nobody is shown anything of the target, and no table has anything of its series.
    private static func check(_ store: StoreCase, _ target: TargetID) async throws {
        let to = store.time.now.advanced(by: .seconds(60))
        var filter = MeasurementFilter(from: to.advanced(by: .seconds(-30 * 86_400)), to: to, limit: 10_000)
        let rows = try await store.client.call(.listMeasurements, filter).measurements
        #expect(!rows.isEmpty && !rows.contains { $0.targetID == target })
        filter.targetID = target
        #expect(try await store.client.call(.listMeasurements, filter).measurements.isEmpty)
        #expect(try await store.client.call(.latestMeasurements, LatestFilter(targetID: target)).measurements.isEmpty)
        #expect(try await summary(store, target) == Summary())
        let stream = try await store.client.follow(.followMeasurements, FollowRequest(cursor: 0))
        let newest = try await store.client.follow(.followMeasurements, FollowRequest()).result.cursor
        var cursor = stream.result.cursor
        while cursor < newest {
            let event = try #require(try await stream.next())
            cursor = event.cursor
            #expect(!event.batch.series.contains { $0.targetID == target })
        }
        let left = try await store.database.read { connection in
            try connection.enter(tenant: "*")
            let named: Int =
                try connection.value(
                    "SELECT count(*) FROM series WHERE target_id = \(target.rawValue)"
                ) ?? -1
            let sums: [Int] = try ["chunk", "minutes", "rollup", "progress"].map { (table: SQL) in
                try connection.value(
                    "SELECT count(*) FROM \(table) WHERE series IN (SELECT id FROM series WHERE target_id = '')"
                ) ?? -1
            }
            return [named] + sums
        }
        #expect(left == [0, 0, 0, 0, 0])
    }
}
