import Contracts
import Database
import JSONRPC
import Statistics

/// Answers `measurement.timeline`: one line for each check as each agent sees it.
struct TimelineQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: TimelineFilter) async throws -> WrittenResult<Timeline> {
        let points = filter.points ?? 300
        try checkNumber(points, "points", 1...2_000)
        let span = try QuerySpan(from: filter.from, to: filter.to, limits: reader.limits, now: now())
        let steps = Steps(span, points: points)
        let series = series.series(
            of: defaultTenant,
            target: filter.targetID,
            check: filter.checkID,
            agent: filter.agentID
        ).filter { $0.newest.timestamp >= span.from }
        let vantages = Dictionary(grouping: series.map(\.record), by: \.vantage)
        let limits = reader.limits
        guard vantages.count * steps.count <= limits.timelinePoints else {
            throw invalid("points", "are too many for \(vantages.count) series; name a check_id or an agent_id")
        }
        return try await reader.read { rows in
            var budget = RowBudget(limits)
            let lines = try vantages.values.compactMap { try line(of: $0, span, steps, &budget, rows) }
            return try WrittenResult(
                Timeline(
                    from: Timestamp(microseconds: steps.from),
                    to: span.to,
                    stepMilliseconds: steps.milliseconds,
                    series: lines.sorted { $0.place < $1.place }
                )
            )
        }
    }

    /// `nil` when there are no rows; a check whose target or agent was renamed is several records.
    private func line(
        of records: [SeriesRecord],
        _ span: QuerySpan,
        _ steps: Steps,
        _ budget: inout RowBudget,
        _ rows: SeriesReader
    ) throws -> Timeline.Series? {
        guard let last = records.last else { return nil }
        var sums = [Rollup](repeating: Rollup(), count: steps.count)
        let whole = QuerySpan(from: Timestamp(microseconds: steps.from), to: span.to)
        for record in records { try rows.sum(record.id, in: whole, by: steps, &budget, into: &sums) }
        guard sums.contains(where: { !$0.isEmpty }) else { return nil }
        var line = Timeline.Series(
            checkID: last.vantage.checkID,
            agentID: last.vantage.agentID,
            type: last.vantage.type.rawValue,
            origin: last.key.origin,
            endpoint: last.vantage.endpoint,
            points: 0
        )
        line.count = sums.map(\.count)
        line.failures = sums.map(\.failures)
        line.sent = sums.map(\.sent)
        line.received = sums.map(\.received)
        line.minimum = sums.map(\.latencies.minimum)
        line.mean = sums.map(\.latencies.mean)
        line.maximum = sums.map(\.latencies.maximum)
        return line
    }
}

extension Timeline.Series {
    /// What lines are sorted by.
    fileprivate var place: (String, String, String, String) { (checkID.rawValue, type, origin, endpoint ?? "") }
}
