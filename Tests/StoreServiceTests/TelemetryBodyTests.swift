import Contracts
import Foundation
import Observability
import ServiceTesting
import Testing

@testable import StoreService

@Suite("Bodies of telemetry")
struct TelemetryBodyTests {
    private static let odd = "\"quo\\ted\"\nline, Zürich 東京 🛰"

    /// A page with so many lines, each of a target that is hard to write.
    private static func page(_ lines: Int) -> (TotalsCase, [SampledFamily]) {
        let store = TotalsCase()
        store.take((0..<lines).map { store.add(target: "\(odd)\($0)", agent: odd) }, latency: 20)
        store.time.advance(by: .seconds(70))
        return (store, store.totals.families(at: store.time.now, seriesLimit: 100_000))
    }

    @Test("of remote write have every series once, with sorted labels and one sample in milliseconds")
    func remoteWrite() throws {
        let (store, families) = Self.page(300)
        let bodies = try RemoteWriteBody.bodies(families, at: store.time.now, instance: "i-1", limit: 2_000)
        let series = try bodies.flatMap { try WrittenSeries.all(in: $0.bytes) }
        #expect(bodies.map(\.samples) == [2_000, 1_304])
        #expect(series.count == 300 * ProbePage.seriesPerLine + 4)
        #expect(Set(series.map { $0.labels.map { "\($0.name)=\($0.value)" } }).count == series.count)
        for one in series {
            #expect(one.labels.map(\.name) == one.labels.map(\.name).sorted())
            #expect(Set(one.labels.map(\.name)).count == one.labels.count)
            #expect(!one.labels.contains { $0.value.isEmpty })
            #expect(one.milliseconds == UInt64(store.time.now.microseconds / 1_000))
            #expect(one["job"] == "sonde-store" && one["instance"] == "i-1")
        }
        let first = try #require(series.first { $0.name == "sonde_probe_latency_seconds" })
        #expect(first["target"] == Self.odd + "0" && first["agent"] == Self.odd && first["quantile"] == "0.5")
        #expect(first.value == 0.02)
    }

    @Test("of OTLP are what the JSON form of its messages has")
    func otlp() throws {
        let (store, families) = Self.page(1)
        let start = store.time.now.advanced(by: .seconds(-70))
        let bodies = OTLPBody.bodies(families, at: store.time.now, since: start, instance: "i-1", limit: 2_000)
        #expect(bodies.count == 1)
        let request = try #require(try JSONSerialization.jsonObject(with: Data(bodies[0].bytes)) as? [String: Any])
        let resource = try #require((request["resourceMetrics"] as? [[String: Any]])?.first)
        let scope = try #require((resource["scopeMetrics"] as? [[String: Any]])?.first)
        let metrics = try #require(scope["metrics"] as? [[String: Any]])
        #expect(metrics.compactMap { $0["name"] as? String } == families.map(\.name))
        let attributes = (resource["resource"] as? [String: Any])?["attributes"] as? [[String: Any]]
        #expect(attributes?.compactMap { $0["key"] as? String } == ["service.name", "service.instance.id"])
        let sum = try #require(metrics[1]["sum"] as? [String: Any])
        #expect(sum["aggregationTemporality"] as? Int == 2 && sum["isMonotonic"] as? Bool == true)
        let point = try #require((sum["dataPoints"] as? [[String: Any]])?.first)
        #expect(point["asDouble"] as? Double == 1)
        #expect(point["timeUnixNano"] as? String == "\(store.time.now.microseconds)000")
        #expect(point["startTimeUnixNano"] as? String == "\(start.microseconds)000")
        let labels = try #require(point["attributes"] as? [[String: Any]])
        #expect((labels[1]["value"] as? [String: Any])?["stringValue"] as? String == Self.odd + "0")
        let summary = try #require(
            ((metrics[3]["summary"] as? [String: Any])?["dataPoints"] as? [[String: Any]])?.first
        )
        #expect(summary["count"] as? String == "1" && summary["sum"] as? Double == 0.02)
        #expect((summary["quantileValues"] as? [[String: Double]])?.first == ["quantile": 0.5, "value": 0.02])
    }

    @Test("of OTLP are parted by their data points, and lose none")
    func parts() {
        let (store, families) = Self.page(50)
        let now = store.time.now
        let bodies = OTLPBody.bodies(families, at: now, since: now, instance: "i", limit: 60)
        // Seven points a line, the three forms, and the number of vantages.
        #expect(bodies.map(\.samples) == [60, 60, 60, 60, 60, 54])
    }
}
