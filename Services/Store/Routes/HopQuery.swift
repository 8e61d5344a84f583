import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Answers `measurement.hops`.
struct HopQuery: Sendable {
    /// Traces that are read, text by text.
    private static let maximumTraces = 50_000

    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: HopFilter) async throws -> WrittenResult<HopSeries> {
        let tenant = try Person.ofCall.tenant
        let points = filter.points ?? 60
        try checkNumber(points, "points", 1...500)
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.span, now: now())
        let steps = Steps(span, points: points)
        let records = series.series(
            of: tenant,
            target: filter.targetID,
            check: filter.checkID,
            agent: filter.agentID,
            type: .trace,
            since: span.from
        ).map(\.record)
        let vantages = Dictionary(grouping: records, by: \.vantage)
        var limits = reader.limits
        limits.rows = min(limits.rows, Self.maximumTraces)
        return try await reader.read(as: tenant) { [limits] rows in
            var budget = RowBudget(limits)
            let paths = try vantages.values.compactMap { records -> HopSeries.Path? in
                var sums = HopSums(steps)
                for record in records { try rows.addHops(of: record, in: span, to: &sums, &budget) }
                guard sums.traces > 0, let last = records.last?.key else { return nil }
                return HopSeries.Path(
                    of: last.series,
                    by: last.agentID,
                    origin: last.origin,
                    traces: sums.traces,
                    hops: sums.series
                )
            }
            return try WrittenResult(
                HopSeries(
                    from: Timestamp(microseconds: steps.from),
                    to: span.to,
                    stepMilliseconds: steps.milliseconds,
                    paths: paths.sorted { $0.place < $1.place }
                )
            )
        }
    }
}

extension SeriesReader {
    fileprivate func addHops(
        of record: SeriesRecord,
        in span: QuerySpan,
        to sums: inout HopSums,
        _ budget: inout RowBudget
    ) throws {
        let times = span.from.microseconds..<span.to.microseconds
        func add(_ rows: MeasurementColumns) throws {
            for row in 0..<rows.count where times.contains(rows.timestamp[row]) {
                try budget.use()
                sums.add(rows.metadata(row), at: rows.timestamp[row])
            }
        }
        try wholeChunks(of: record.id, in: times, add)
        try add(try headRows(of: record.id, in: times, withMetadata: true))
    }
}

extension HopSeries.Path {
    /// What paths are sorted by.
    fileprivate var place: (String, String, String) { (checkID.rawValue, origin, endpoint ?? "") }
}
