import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import StoreService
import Testing

@Suite("Hops")
struct HopTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func watch() -> Watch {
        var watch = Watch()
        watch.series[0].type = .trace
        return watch
    }

    @Test("of traces are summed up by step, from memory and from chunks", arguments: DatabaseEngine.allCases)
    func sums(engine: DatabaseEngine) async throws {
        let (time, clock) = (ManualTime(), StandingClock(engine))
        let watch = Self.watch()
        let start = time.now.advanced(by: .seconds(-3_600))
        func trace(at second: Int, _ hops: String) -> MeasurementBatch {
            watch.batch([(start.advanced(by: .seconds(second)), 10)], metadata: #"{"mode":"udp","hops":\#(hops)}"#)
        }
        let traces = [
            trace(at: 0, #"{"address":["a","b"],"sent":[1,1],"received":[1,1],"avg_ms":[1,4]}"#),
            trace(
                at: 60,
                #"""
                {"address":["a",["b","c"],"d"],"sent":[3,3,3],"received":[3,2,1],"avg_ms":[2,7,9],"min_ms":[1.5,6,9],
                "last_ms":[2,6,9],"max_ms":[2.5,8,9],"jitter_ms":[0.1,0.1,null]}
                """#
            ),
            trace(at: 1_900, #"{"address":["a",null,"d"],"sent":[2,2,2],"received":[2,0,2],"avg_ms":[3,null,20]}"#),
            trace(at: 2_000, #"{"address":["e"],"sent":[2],"received":[1],"avg_ms":[5]}"#),
        ]
        try await withStore(in: directory, on: engine, time: time, clock: clock) { store in
            let filter = HopFilter(targetID: watch.series[0].targetID, from: start, to: time.now, points: 2)
            for (index, trace) in traces.enumerated() {
                _ = try await store.client.call(.appendMeasurements, trace)
                // Some are in chunks already.
                guard index == 1 else { continue }
                await clock.untilSleeping()
                clock.wake()
                await clock.untilSleeping()
            }
            let hops = try await store.client.call(.measurementHops, filter)
            #expect(hops.stepMilliseconds == 1_800_000)
            let path = try #require(hops.paths.first)
            #expect((hops.paths.count, path.traces, path.hops.count, path.origin) == (1, 4, 3, watch.origin))
            #expect(path.hops.map(\.number) == [1, 2, 3])
            #expect(path.hops.map(\.addresses) == [["a", "e"], ["b", "c"], ["d"]])
            #expect(path.hops.map(\.sent) == [[4, 4], [4, 2], [3, 2]])
            #expect(path.hops.map(\.received) == [[4, 3], [3, 0], [1, 2]])
            #expect(path.hops.map(\.minimum) == [[1, 3], [4, nil], [9, 20]])
            #expect(path.hops.map(\.mean) == [[1.75, 11.0 / 3], [6, nil], [9, 20]])
            #expect(path.hops.map(\.maximum) == [[2.5, 5], [8, nil], [9, 20]])
            #expect(path.hops.map(\.last) == [5, 6, 20])
        }
    }

    @Test("are of the span, the check and the agent that are asked for")
    func filters() async throws {
        let time = ManualTime()
        let (one, other) = (Self.watch(), Self.watch())
        var watch = other
        watch.series[0].targetID = one.series[0].targetID
        let same = watch
        try await withStore(in: directory, time: time) { store in
            let text = #"{"hops":{"address":["a"],"sent":[1],"received":[1],"avg_ms":[1]}}"#
            let times = [-7_200, -600, -60].map { time.now.advanced(by: .seconds($0)) }
            for watch in [one, same, other] {
                let batch = watch.batch(times.map { ($0, 1) }, metadata: text)
                _ = try await store.client.call(.appendMeasurements, batch)
            }
            var filter = HopFilter(targetID: one.series[0].targetID)
            let all = try await store.client.call(.measurementHops, filter)
            #expect(all.paths.map(\.traces) == [2, 2])
            #expect(Set(all.paths.map(\.agentID)) == [one.agentID, same.agentID])
            filter.agentID = one.agentID
            filter.from = time.now.advanced(by: .seconds(-7_200))
            filter.to = time.now.advanced(by: .seconds(-60))
            let some = try await store.client.call(.measurementHops, filter)
            #expect(some.paths.map(\.checkID) == [one.series[0].checkID] && some.paths.map(\.traces) == [2])
            filter.checkID = same.series[0].checkID
            #expect(try await store.client.call(.measurementHops, filter).paths.isEmpty)
            for points in [0, 501] {
                filter.points = points
                let error = try await failure { try await store.client.call(.measurementHops, filter) }
                #expect(error.code == .invalidParams && error.message.hasPrefix("points must be from 1 to 500"))
            }
        }
    }

    @Test("of texts that are no trace's, or no sensible one's, do no harm")
    func hostile() async throws {
        let time = ManualTime()
        let watch = Self.watch()
        let texts = [
            "{}", #"{"hops":null}"#, #"{"hops":[]}"#, #"{"hops":{"sent":"x"}}"#, #"{"hops":{"sent":[1.5]}}"#,
            #"{"hops":{"address":[7],"sent":[1]}}"#,
            #"{"hops":{"sent":[9223372036854775807],"received":[9223372036854775807],"avg_ms":[1e308]}}"#,
            #"{"hops":{"sent":[9223372036854775807],"received":[-9223372036854775808],"avg_ms":[-1e308]}}"#,
            #"{"hops":{"sent":[\#(Array(repeating: "1", count: 1_000).joined(separator: ","))]}}"#,
        ]
        try await withStore(in: directory, time: time) { store in
            for (second, text) in texts.enumerated() {
                let batch = watch.batch([(time.now.advanced(by: .seconds(second - 100)), 1)], metadata: text)
                _ = try await store.client.call(.appendMeasurements, batch)
            }
            let hops = try await store.client.call(.measurementHops, HopFilter(targetID: watch.series[0].targetID))
            #expect(hops.paths.first?.traces == 3)
            #expect(hops.paths.first?.hops.count == 255)
        }
    }
}
