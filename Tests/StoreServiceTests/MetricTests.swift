import Contracts
import Database
import JSONRPC
import ServiceTesting
import Testing

@Suite("One metric over time", .timeLimit(.minutes(5)))
struct MetricTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("sums up what an agent has measured, step by step", arguments: DatabaseEngine.allCases)
    func values(engine: DatabaseEngine) async throws {
        try await withStore(in: directory, on: engine) { store in
            let (watch, other) = (Watch(targets: 2), Watch())
            let end = store.time.now
            // In each of three seconds two targets answer in 10 and 30 ms; in the last one of them does not.
            let rows: [(Timestamp, Double?)] = (0..<6).map { number in
                (
                    end.advanced(by: .seconds(number / 2 - 3)),
                    number == 5 ? nil : number % 2 == 0 ? 10 : 30
                )
            }
            _ = try await store.client.call(.appendMeasurements, watch.batch(rows))
            _ = try await store.client.call(.appendMeasurements, other.batch([(end.advanced(by: .seconds(-1)), 500)]))
            var filter = MetricFilter(agentID: watch.agentID)
            (filter.from, filter.to, filter.points) = (end.advanced(by: .seconds(-4)), end, 4)
            for (metric, values) in [
                (nil, [nil, 20, 20, 10]), (.latencyMinimum, [nil, 10, 10, 10]), (.latencyMaximum, [nil, 30, 30, 10]),
                (.count, [nil, 2, 2, 2]), (.failures, [nil, 0, 0, 1]), (.loss, [nil, 0, 0, 0.5]),
                (.errorRate, [nil, 0, 0, 0.5]),
            ] as [(MetricFilter.Metric?, [Double?])] {
                filter.metric = metric
                let series = try await store.client.call(.measurementMetric, filter)
                #expect(series.metric == metric ?? .latencyMean)
                #expect(series.stepMilliseconds == 1_000)
                #expect(series.values == values, "\(metric?.rawValue ?? "-")")
            }
            filter.metric = .latencyP50
            let quantiles = try await store.client.call(.measurementMetric, filter).values
            #expect(quantiles[0] == nil)
            #expect(abs((quantiles[1] ?? 0) - 10) <= 0.1)
            filter.agentID = nil
            filter.metric = .latencyMaximum
            #expect(try await store.client.call(.measurementMetric, filter).values == [nil, 30, 30, 500])
            filter.targetID = other.series[0].targetID
            #expect(try await store.client.call(.measurementMetric, filter).values == [nil, nil, nil, 500])
        }
    }

    @Test("is asked for with a span and steps that make sense")
    func validation() async throws {
        try await withStore(in: directory) { store in
            for points in [0, 2_001] {
                var filter = MetricFilter()
                filter.points = points
                let error = try await failure { try await store.client.call(.measurementMetric, filter) }
                #expect(error.code == .invalidParams)
            }
        }
    }
}
