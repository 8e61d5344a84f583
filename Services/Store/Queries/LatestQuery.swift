import Contracts
import JSONRPC

/// Answers `measurement.latest` from memory: of every check as each agent sees it the newest row, newest first.
struct LatestQuery: Sendable {
    let series: SeriesTable
    let limits: QueryLimits

    func callAsFunction(_ filter: LatestFilter) async throws -> MeasurementPage {
        var newest: [Vantage: (record: SeriesRecord, newest: SeriesRow)] = [:]
        for entry in series.series(of: defaultTenant, target: filter.targetID) {
            if let other = newest[entry.record.vantage], !entry.newest.isNewer(than: other.newest) { continue }
            newest[entry.record.vantage] = entry
        }
        let sorted = newest.values.sorted { $0.newest.isNewer(than: $1.newest) }
        return MeasurementPage(
            measurements: sorted.prefix(limits.latestRows).map { $0.newest.measurement(of: $0.record.key) }
        )
    }
}
