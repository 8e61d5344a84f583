import Contracts
import JSONRPC

/// Answers `measurement.latest` from memory: of every check as each agent sees it the newest row, newest first.
struct LatestQuery: Sendable {
    /// Rows that are written out at once; more are left to the database's reader, which has the time.
    private static let rowsOnLoop = 250

    let reader: QueryReader
    let series: SeriesTable
    let labelled: LabelledTargets

    func callAsFunction(_ filter: LatestFilter) async throws -> WrittenResult<MeasurementPage> {
        let tenant = try Person.ofCall.tenant
        var newest: [Vantage: (record: SeriesRecord, newest: MeasurementRow)] = [:]
        let targets = try await labelled(filter.labels, of: tenant)
        let kept = Timestamp(microseconds: reader.retention.expiredDays(of: tenant, at: reader.now()).end(\.rows))
        for entry in series.series(of: tenant, target: filter.targetID, among: targets, since: kept) {
            if let other = newest[entry.record.vantage], !entry.newest.isNewer(than: other.newest) { continue }
            newest[entry.record.vantage] = entry
        }
        let sorted = newest.values.sorted { $0.newest.isNewer(than: $1.newest) }
            .prefix(reader.limits.latestRows)
        guard sorted.count > Self.rowsOnLoop else { return try Self.page(sorted) }
        return try await reader.read(as: tenant) { _ in try Self.page(sorted) }
    }

    private static func page(
        _ rows: some Sequence<(record: SeriesRecord, newest: MeasurementRow)>
    ) throws -> WrittenResult<MeasurementPage> {
        try WrittenResult(MeasurementPage(measurements: rows.map { $0.newest.measurement(of: $0.record.key) }))
    }
}
