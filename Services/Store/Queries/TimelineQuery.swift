import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Statistics

/// Answers `measurement.timeline`: one line for each check as each agent sees it.
struct TimelineQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let hours: CheckHourBook
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: TimelineFilter) async throws -> WrittenResult<Timeline> {
        let tenant = try Person.ofCall.tenant
        let points = filter.points ?? 300
        try checkNumber(points, "points", 1...2_000)
        let now = now()
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.sumSpan, now: now)
        let steps = Steps(span, points: points)
        let series = series.summed(
            of: tenant,
            target: filter.targetID,
            check: filter.checkID,
            agent: filter.agentID,
            since: span.from
        )
        let vantages = Dictionary(grouping: series, by: \.vantage)
        let limits = reader.limits
        guard vantages.count * steps.count <= limits.timelinePoints else {
            throw invalid("points", "are too many for \(vantages.count) series; name a check_id or an agent_id")
        }
        let hours = await hours.hours(of: Set(vantages.keys.map(\.checkID)), from: span.from, to: span.to)
        return try await reader.read(as: tenant) { rows in
            var budget = RowBudget(limits)
            let withSketch = filter.quality == true
            let lines = try vantages.values.compactMap { records -> Timeline.Series? in
                let sums = try rows.sums(of: records, in: span, by: steps, withSketch: withSketch, &budget)
                guard sums.contains(where: { !$0.isEmpty }) else { return nil }
                var line = Timeline.Series(sums, of: records)
                line.expected = Coverage(records, until: now, hours: hours[line.checkID])?
                    .expected(steps, upTo: span.to)
                if withSketch { line.addQuality(sums) }
                return line
            }
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
}

extension Timeline.Series {
    /// A check whose target or agent was renamed is several records.
    fileprivate init(_ sums: [Rollup], of records: [SeriesRecord]) {
        let last = records[records.count - 1]
        self.init(
            checkID: last.vantage.checkID,
            agentID: last.vantage.agentID,
            type: last.vantage.type.rawValue,
            origin: last.key.origin,
            endpoint: last.vantage.endpoint,
            points: 0
        )
        count = sums.map(\.count)
        failures = sums.map(\.failures)
        sent = sums.map(\.sent)
        received = sums.map(\.received)
        minimum = sums.map(\.latencies.minimum)
        mean = sums.map(\.latencies.mean)
        maximum = sums.map(\.latencies.maximum)
    }

    fileprivate mutating func addQuality(_ sums: [Rollup]) {
        p50 = sums.map { $0.sketch.quantile(0.5) }
        p95 = sums.map { $0.sketch.quantile(0.95) }
        p99 = sums.map { $0.sketch.quantile(0.99) }
        jitter = sums.map(\.jitter)
        opinionScore = sums.map(\.opinionScore)
    }

    /// What lines are sorted by.
    fileprivate var place: (String, String, String, String) { (checkID.rawValue, type, origin, endpoint ?? "") }
}
