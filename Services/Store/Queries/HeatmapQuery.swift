import Contracts
import Database
import DatabaseCalls
import Glibc
import JSONRPC
import Statistics

/// Answers `measurement.heatmap`: the latencies of a target, by time and by how long they are.
struct HeatmapQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: HeatmapFilter) async throws -> WrittenResult<Heatmap> {
        let tenant = try Person.ofCall.tenant
        let (points, bins) = (filter.points ?? 100, filter.bins ?? 30)
        try checkNumber(points, "points", 1...500)
        try checkNumber(bins, "bins", 2...100)
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.sumSpan, now: now())
        let steps = Steps(span, points: points)
        let records = series.summed(
            of: tenant,
            target: filter.targetID,
            check: filter.checkID,
            agent: filter.agentID,
            type: filter.type,
            since: span.from
        ).filter { filter.type != nil || !$0.key.series.type.isEvidence }
        let limits = reader.limits
        return try await reader.read(as: tenant) { rows in
            var budget = RowBudget(limits)
            let sums = try rows.sums(of: records, in: span, by: steps, &budget)
            var heatmap = Heatmap(
                from: Timestamp(microseconds: steps.from),
                to: span.to,
                stepMilliseconds: steps.milliseconds
            )
            heatmap.bounds = Self.bounds(sums, bins)
            heatmap.counts = sums.map { $0.sketch.counts(upTo: heatmap.bounds).map { Int($0) } }
            heatmap.failures = sums.map(\.failures)
            return try WrittenResult(heatmap)
        }
    }

    /// From the least to the greatest latency, each greater than the one before by the same factor.
    private static func bounds(_ sums: [Rollup], _ bins: Int) -> [Double] {
        guard let least = sums.compactMap(\.latencies.minimum).min(),
            let most = sums.compactMap(\.latencies.maximum).max()
        else { return [] }
        // The sketch tells latencies apart to one percent, and none that are shorter than a microsecond.
        let first = max(least, 0.001)
        guard most > first * 1.02 else { return [most] }
        let factor = pow(most / first, 1 / Double(bins))
        return (1...bins).map { $0 == bins ? most : first * pow(factor, Double($0)) }
    }
}
