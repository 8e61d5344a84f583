import Contracts
import Observability
import ServiceTesting

@testable import StoreService

/// Totals of rows that come without a store.
struct TotalsCase: Sendable {
    let time: ManualTime
    let totals: ProbeTotals
    private let series = SeriesTable(limit: 1_000_000)

    /// A minute begins now.
    init(time: ManualTime = ManualTime(Timestamp(microseconds: 1_800_000_000_000_000))) {
        self.time = time
        totals = ProbeTotals(now: { time.now })
        totals.begin()
    }

    /// Makes a series and returns its number.
    func add(
        target: String = "a",
        type: CheckType = .icmp,
        agent: String = "x",
        endpoint: String = "",
        tenant: TenantID = .first
    ) -> Int {
        let key = SeriesKey(
            tenant: tenant,
            agentID: .make(),
            origin: agent,
            series: MeasurementSeries(
                checkID: .make(),
                targetID: .make(),
                target: target,
                type: type,
                endpoint: endpoint
            )
        )
        let number = series.count + 1
        series.append([SeriesRecord(id: number, key: key, firstAt: 0, isVerified: true)], MeasurementColumns())
        return number
    }

    /// One row of each series, at the time that it is less `age`; a latency of `nil` is a timeout.
    func take(_ series: [Int], latency: Double? = 20, age: Duration = .zero) {
        var rows = MeasurementColumns()
        for number in series {
            let row = MeasurementRow(
                id: .lowest,
                timestamp: time.now.advanced(by: .zero - age),
                latency: latency,
                status: latency == nil ? .timeout : .success,
                reason: latency == nil ? .timeout : .none,
                metadata: Array("{}".utf8)
            )
            rows.append(row, series: number)
        }
        totals.take(rows, of: self.series)
    }

    /// Every series that is shown now: its name with its labels, and its value.
    func shown(limit: Int = TelemetrySettings().series) -> [String: Double] {
        var shown: [String: Double] = [:]
        for family in totals.families(at: time.now, seriesLimit: limit) {
            family.forEachSeries { name, labels, value in
                let text = labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
                shown["\(name){\(text)}"] = value
            }
        }
        return shown
    }
}
