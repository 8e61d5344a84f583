import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

@Suite("Sums")
struct SumTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The beginning of a day in UTC, and a clock that stands two days later.
    private static let day = Timestamp(microseconds: 20_000 * 86_400_000_000)

    private static func time() -> ManualTime { ManualTime(day.advanced(by: .seconds(2 * 86_400))) }

    @Test(
        "of long steps are whole hours in UTC, and say how good the connection was",
        arguments: DatabaseEngine.allCases
    )
    func quality(engine: DatabaseEngine) async throws {
        let clock = StandingClock(engine)
        try await withStore(in: directory, on: engine, time: Self.time(), clock: clock) { store in
            let watch = Watch()
            // Each minute of a day; the latency is the hour's number, and each tenth times out.
            let rows = (0..<1_440).map { minute -> (Timestamp, Double?) in
                let time = Self.day.advanced(by: .seconds(60 * minute))
                return (time, minute % 10 == 3 ? nil : Double(minute / 60 + 1))
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            for _ in 0..<2 {
                var filter = TimelineFilter(
                    targetID: watch.series[0].targetID,
                    from: Self.day.advanced(by: .seconds(100)),
                    to: Self.day.advanced(by: .seconds(86_400)),
                    points: 24
                )
                filter.quality = true
                let timeline = try await store.client.call(.measurementTimeline, filter)
                #expect(timeline.from == Self.day)
                #expect(timeline.stepMilliseconds == 3_600_000)
                let line = try #require(timeline.series.first)
                #expect(line.count == Array(repeating: 60, count: 24))
                #expect(line.failures == Array(repeating: 6, count: 24))
                for hour in 0..<24 {
                    let exact = Double(hour + 1)
                    #expect(line.mean[hour] == exact)
                    for percentile in [line.p50, line.p95, line.p99] {
                        #expect(abs(try #require(percentile?[hour]) - exact) <= exact * 0.01)
                    }
                    #expect(line.jitter?[hour] == 0)
                    #expect((3.2...3.6).contains(try #require(line.opinionScore?[hour])))
                }
                // And the same from roll-ups.
                await clock.untilSleeping()
                clock.wake()
                await clock.untilSleeping()
            }
        }
    }

    @Test("count what should have come, so that silence shows", arguments: DatabaseEngine.allCases)
    func coverage(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, time: Self.time()) { store in
            var watch = Watch()
            watch.series[0].intervalMilliseconds = 10_000
            // Of ten minutes the fifth and the sixth are silent; then the check comes twice as often.
            let slow = (0..<60).filter { !(24..<36).contains($0) }.map { number in
                (Self.day.advanced(by: .seconds(10 * number)), Double?(1))
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(slow))
            watch.series[0].intervalMilliseconds = 5_000
            let fast = (0..<60).map { (Self.day.advanced(by: .seconds(600 + 5 * $0)), Double?(1)) }
            _ = try await store.client.call(.appendMeasurements, watch.batch(fast))
            let filter = TimelineFilter(
                targetID: watch.series[0].targetID,
                from: Self.day.advanced(by: .seconds(-120)),
                to: Self.day.advanced(by: .seconds(1_020)),
                points: 19
            )
            let line = try #require(try await store.client.call(.measurementTimeline, filter).series.first)
            #expect(line.count == [0, 0, 6, 6, 6, 6, 0, 0, 6, 6, 6, 6, 12, 12, 12, 12, 12, 0, 0])
            #expect(line.expected == [0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 12, 12, 12, 12, 12, 12, 12])
        }
    }

    @Test("count nothing that should have come while a check's schedule gave it a rest")
    func hours() async throws {
        var router = RPCRouter(title: "orchestrator", log: Log(label: "test", sink: MemorySink()))
        router.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map { _ in .first }) }
        router.handle(.listCheckHours) { query in
            let spans = [(-60, 60), (120, 150), (240, 900)].map { from, to in
                CheckHours.Span(from: Self.day.advanced(by: .seconds(from)), to: Self.day.advanced(by: .seconds(to)))
            }
            return CheckHours(hours: query.checkIDs.map { _ in spans })
        }
        let orchestrator = RPCClient(inProcess: router, as: .store)
        try await withStore(in: directory, time: Self.time(), orchestrator: orchestrator) { store in
            var watch = Watch()
            watch.series[0].intervalMilliseconds = 10_000
            let rows = (0..<6).map { (Self.day.advanced(by: .seconds(10 * $0)), Double?(1)) }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            let filter = TimelineFilter(
                targetID: watch.series[0].targetID,
                from: Self.day,
                to: Self.day.advanced(by: .seconds(300)),
                points: 5
            )
            let line = try #require(try await store.client.call(.measurementTimeline, filter).series.first)
            #expect(line.expected == [6, 0, 3, 0, 6])
        }
    }

    @Test("of latencies make a heatmap, in which each counts once", arguments: DatabaseEngine.allCases)
    func heatmap(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, time: Self.time()) { store in
            let watch = Watch()
            let rows = (0..<600).map { second -> (Timestamp, Double?) in
                (Self.day.advanced(by: .seconds(second)), second % 100 == 0 ? nil : second < 300 ? 1 : 100)
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            var filter = HeatmapFilter(
                targetID: watch.series[0].targetID,
                from: Self.day,
                to: Self.day.advanced(by: .seconds(600)),
                points: 10
            )
            filter.bins = 4
            let heatmap = try await store.client.call(.measurementHeatmap, filter)
            #expect(heatmap.stepMilliseconds == 60_000)
            #expect(zip(heatmap.bounds, [3.162, 10, 31.62, 100]).allSatisfy { abs($0 - $1) < 0.01 })
            #expect(heatmap.failures.reduce(0, +) == 6)
            #expect(heatmap.counts.count == 10)
            for (step, counts) in heatmap.counts.enumerated() {
                let expected = 60 - heatmap.failures[step]
                #expect(counts == (step < 5 ? [expected, 0, 0, 0] : [0, 0, 0, expected]))
            }
            filter.type = .dns
            #expect(try await store.client.call(.measurementHeatmap, filter).bounds.isEmpty)
        }
    }

    @Test("of all targets stand side by side, without traces and hosts", arguments: DatabaseEngine.allCases)
    func matrix(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, time: Self.time()) { store in
            var watch = Watch(targets: 3)
            watch.series[2].type = .trace
            let rows = (0..<300).map { second -> (Timestamp, Double?) in
                (Self.day.advanced(by: .seconds(second)), second % 3 == 1 ? nil : 2)
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            var filter = MatrixFilter(from: Self.day, to: Self.day.advanced(by: .seconds(300)), points: 3)
            let matrix = try await store.client.call(.measurementMatrix, filter)
            #expect(Set(matrix.targets.map(\.targetID)) == Set(watch.series[..<2].map(\.targetID)))
            let well = try #require(matrix.targets.first { $0.targetID == watch.series[0].targetID })
            #expect((matrix.stepMilliseconds, well.count) == (120_000, [40, 40, 20]))
            #expect(well.mean == [2, 2, 2] && well.failures == [0, 0, 0])
            filter.targetIDs = [watch.series[1].targetID]
            let ill = try #require(try await store.client.call(.measurementMatrix, filter).targets.first)
            #expect(ill.failures == ill.count && ill.mean == [nil, nil, nil] && ill.received == [0, 0, 0])
        }
    }

    @Test("of spans whose rows are gone are those of their minutes", arguments: DatabaseEngine.allCases)
    func expired(engine: DatabaseEngine) async throws {
        let time = Self.time()
        let clock = StandingClock(engine)
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            let watch = Watch()
            let rows = (0..<5_000).map { number -> (Timestamp, Double?) in
                (
                    Self.day.advanced(by: .milliseconds(7_000 * number)),
                    number % 7 == 0 ? nil : Double(number % 90) + 0.25
                )
            }
            for start in stride(from: 0, to: rows.count, by: 1_000) {
                _ = try await store.client.call(.appendMeasurements, watch.batch(Array(rows[start..<start + 1_000])))
            }
            func timelines() async throws -> [Timeline] {
                var answers: [Timeline] = []
                for points in [10, 100, 500] {
                    var filter = TimelineFilter(
                        targetID: watch.series[0].targetID,
                        from: Self.day.advanced(by: .seconds(600)),
                        to: Self.day.advanced(by: .seconds(36_600)),
                        points: points
                    )
                    filter.quality = true
                    answers.append(try await store.client.call(.measurementTimeline, filter))
                }
                return answers
            }
            await clock.untilSleeping()
            clock.wake()
            await clock.untilSleeping()
            let before = try await timelines()
            time.advance(by: .seconds(40 * 86_400))
            _ = try await store.client.call(.appendMeasurements, watch.batch(1, before: time.now))
            clock.wake()
            await clock.untilSleeping()
            let rowsLeft = MeasurementFilter(from: Self.day, to: Self.day.advanced(by: .seconds(86_400)))
            #expect(try await store.client.call(.listMeasurements, rowsLeft).measurements.isEmpty)
            for (one, other) in zip(before, try await timelines()) {
                let (was, is_) = (try #require(one.series.first), try #require(other.series.first))
                #expect((one.from, one.stepMilliseconds) == (other.from, other.stepMilliseconds))
                #expect(was.count == is_.count && was.failures == is_.failures && was.maximum == is_.maximum)
                #expect(was.p95 == is_.p95)
                for (mean, again) in zip(was.mean, is_.mean) { #expect(abs((mean ?? 0) - (again ?? 0)) < 1e-9) }
            }
        }
    }

    @Test("of routes list each change once, with the way as it is now", arguments: DatabaseEngine.allCases)
    func routes(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine, time: Self.time()) { store in
            var watch = Watch()
            watch.series[0].type = .trace
            let way = #""hops":{"address":["10.0.0.1",null,["10.0.2.1","10.0.2.2"]]}"#
            let same = watch.batch([(Self.day, 1)], metadata: "{\(way)}")
            let other = watch.batch(
                [(Self.day.advanced(by: .seconds(60)), 1)],
                metadata: #"{"changed_hop":2,"changed_flows":3,\#(way)}"#
            )
            for batch in [same, other, other] { _ = try await store.client.call(.appendMeasurements, batch) }
            var filter = RouteFilter(from: Self.day, to: store.time.now)
            let changes = try await store.client.call(.listRouteChanges, filter).changes
            #expect(changes.count == 1)
            let change = try #require(changes.first)
            #expect(change.id == other.row(0).id && change.timestamp == other.row(0).timestamp)
            #expect((change.hop, change.flows) == (2, 3))
            #expect(change.path == ["10.0.0.1", nil, "10.0.2.1"])
            filter.targetID = .make()
            #expect(try await store.client.call(.listRouteChanges, filter).changes.isEmpty)
        }
    }
}
