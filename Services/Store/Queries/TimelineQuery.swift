import Contracts
import Database
import JSONRPC

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
        return try await reader.read { connection in
            var budget = RowBudget(limits)
            let lines = try vantages.values.compactMap { try line(of: $0, span, steps, &budget, connection) }
            return try WrittenResult(
                Timeline(
                    from: span.from,
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
        _ connection: any DatabaseConnection
    ) throws -> Timeline.Series? {
        guard let last = records.last else { return nil }
        var line = Timeline.Series(
            checkID: last.vantage.checkID,
            agentID: last.vantage.agentID,
            type: last.vantage.type.rawValue,
            origin: last.key.origin,
            endpoint: last.vantage.endpoint,
            points: steps.count
        )
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: steps.count)
        let before = budget.used
        for record in records {
            try connection.scan(record.id, in: span) { row in
                try budget.use()
                let step = steps.index(of: row.timestamp)
                line.count[step] += 1
                if row.isFailure { line.failures[step] += 1 }
                line.sent[step] += row.sent
                line.received[step] += row.received
                guard let latency = row.latency else { return }
                sums[step] = (sums[step].sum + latency, sums[step].count + 1)
                line.minimum[step] = min(line.minimum[step] ?? latency, latency)
                line.maximum[step] = max(line.maximum[step] ?? latency, latency)
            }
        }
        line.mean = sums.map { $0.count == 0 ? nil : $0.sum / Double($0.count) }
        return budget.used > before ? line : nil
    }
}

extension Timeline.Series {
    /// What lines are sorted by.
    fileprivate var place: (String, String, String, String) { (checkID.rawValue, type, origin, endpoint ?? "") }
}

/// A span cut into steps of whole milliseconds.
private struct Steps: Sendable {
    let milliseconds: Int
    let count: Int
    private let from: Int64

    /// At most `points` steps; the last may reach beyond the span.
    init(_ span: QuerySpan, points: Int) {
        from = span.from.microseconds
        let length = Int(span.to.microseconds - from)
        milliseconds = max(1, (length + points * 1_000 - 1) / (points * 1_000))
        count = (length + milliseconds * 1_000 - 1) / (milliseconds * 1_000)
    }

    func index(of timestamp: Int64) -> Int {
        Int(timestamp - from) / (milliseconds * 1_000)
    }
}
