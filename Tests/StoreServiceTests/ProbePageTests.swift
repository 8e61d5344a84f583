import Contracts
import ServiceTesting
import Testing

@testable import StoreService

@Suite("Totals for others")
struct ProbePageTests {
    private static let limit = 5_000

    @Test("count what came, and say how fast and complete the last minute was")
    func values() {
        let store = TotalsCase()
        let series = store.add(target: "web", type: .http, agent: "vienna", endpoint: "ipv4")
        for latency in [10.0, 20, 30] { store.take([series], latency: latency) }
        store.take([series], latency: nil)
        let labels = "agent=vienna,endpoint=ipv4,target=web,tenant=default,type=http"
        #expect(store.shown()["sonde_probe_loss_ratio{\(labels)}"] == nil, "the minute is not over")
        store.time.advance(by: .seconds(70))
        let shown = store.shown()
        let results = "agent=vienna,endpoint=ipv4,status="
        #expect(shown["sonde_probe_results_total{\(results)success,target=web,tenant=default,type=http}"] == 3)
        #expect(shown["sonde_probe_results_total{\(results)timeout,target=web,tenant=default,type=http}"] == 1)
        #expect(shown["sonde_probe_results_total{\(results)error,target=web,tenant=default,type=http}"] == 0)
        #expect(shown["sonde_probe_requests_sent_total{\(labels)}"] == 4)
        #expect(shown["sonde_probe_requests_answered_total{\(labels)}"] == 3)
        #expect(shown["sonde_probe_latency_seconds_sum{\(labels)}"] == 0.06)
        #expect(shown["sonde_probe_latency_seconds_count{\(labels)}"] == 3)
        #expect(shown["sonde_probe_loss_ratio{\(labels)}"] == 0.25)
        let median = "sonde_probe_latency_seconds{agent=vienna,endpoint=ipv4,quantile=0.5,target=web"
        #expect(abs((shown["\(median),tenant=default,type=http}"] ?? 0) - 0.02) <= 0.0002)
        #expect(shown.count == ProbePage.seriesPerLine + 4)
        // A minute without any rows has neither.
        store.time.advance(by: .seconds(60))
        #expect(store.shown().count == ProbePage.seriesPerLine + 4 - 4)
    }

    @Test("count rows that come late, but not into a minute that was shown")
    func late() {
        let store = TotalsCase()
        let series = store.add()
        store.time.advance(by: .seconds(600))
        store.take([series], latency: nil)
        store.take([series], age: .seconds(300))
        store.time.advance(by: .seconds(70))
        let shown = store.shown()
        #expect(shown["sonde_probe_loss_ratio{agent=x,target=a,tenant=default,type=icmp}"] == 1)
        #expect(shown["sonde_probe_requests_sent_total{agent=x,target=a,tenant=default,type=icmp}"] == 2)
    }

    @Test("are one for series that are called the same")
    func names() {
        let store = TotalsCase()
        store.take([store.add(), store.add()])
        #expect(store.shown()["sonde_probe_requests_sent_total{agent=x,target=a,tenant=default,type=icmp}"] == 2)
        #expect(store.shown()["sonde_probe_vantages{}"] == 1)
    }

    @Test("of a full mesh of 200 nodes are at most 5,000 series, one line a target")
    func mesh() {
        let store = TotalsCase()
        var series: [Int] = []
        for target in 0..<200 {
            for agent in 0..<200 where agent != target {
                series.append(store.add(target: "node-\(target)", agent: "node-\(agent)"))
            }
        }
        #expect(series.count == 39_800)
        store.take(series)
        store.time.advance(by: .seconds(70))
        let shown = store.shown(limit: Self.limit)
        #expect(shown.count <= Self.limit)
        #expect(shown["sonde_probe_form{form=target}"] == 1)
        #expect(shown["sonde_probe_form{form=vantage}"] == 0)
        #expect(shown["sonde_probe_vantages{}"] == 39_800)
        for target in 0..<200 {
            let labels = "target=node-\(target),tenant=default,type=icmp"
            #expect(shown["sonde_probe_requests_answered_total{\(labels)}"] == 199)
        }
    }

    @Test("of more targets than the limit allows are one line a type for those that came last")
    func others() {
        let store = TotalsCase()
        let series = (0..<1_000).flatMap { target in
            [store.add(target: "t\(target)", type: .icmp), store.add(target: "t\(target)", type: .dns)]
        }
        store.take(series)
        store.time.advance(by: .seconds(70))
        let shown = store.shown(limit: Self.limit)
        #expect(shown.count <= Self.limit)
        #expect(shown["sonde_probe_form{form=other}"] == 1)
        let sent = shown.filter { $0.key.hasPrefix("sonde_probe_requests_sent_total{") }
        #expect(sent.values.reduce(0, +) == 2_000)
        #expect(sent["sonde_probe_requests_sent_total{target=t0,tenant=default,type=dns}"] == 1)
        #expect((sent["sonde_probe_requests_sent_total{target=other,type=dns}"] ?? 0) > 100)
        #expect(sent["sonde_probe_requests_sent_total{target=t999,tenant=default,type=dns}"] == nil)
    }

    @Test("never go down while they keep their labels, and stay within any limit", arguments: [200, 300, 1_000])
    func growth(limit: Int) {
        let store = TotalsCase()
        var random = SystemRandomNumberGenerator()
        var series: [Int] = []
        var before: [String: Double] = [:]
        for round in 0..<120 {
            let type = CheckType.allCases[round % CheckType.allCases.count]
            series.append(store.add(target: "t\(round / 3)", type: type, agent: "a\(round % 2)"))
            store.take(series.filter { _ in .random(using: &random) }, latency: .random(in: 0...1_000, using: &random))
            store.time.advance(by: .seconds(7))
            let shown = store.shown(limit: limit)
            #expect(shown.count <= limit)
            for (name, value) in shown where name.contains(/_(total|sum|count)\{/) {
                #expect(value >= before[name] ?? 0, "\(name)")
            }
            // A line that is left for another form may come back only as what it was.
            before.merge(shown) { $1 }
        }
    }

    @Test("leave out what was there before the store began to follow")
    func before() {
        let totals = ProbeTotals(now: { .now })
        let series = SeriesTable(limit: 1)
        var rows = MeasurementColumns()
        let row = MeasurementRow(
            id: .lowest,
            timestamp: .now,
            latency: 1,
            status: .success,
            reason: .none,
            metadata: []
        )
        rows.append(row, series: 1)
        totals.take(rows, of: series)
        #expect(totals.content.lines.isEmpty)
    }
}
