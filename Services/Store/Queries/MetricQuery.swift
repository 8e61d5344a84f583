import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Statistics

/// Answers `measurement.metric`: many series summed up to one line.
struct MetricQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: MetricFilter) async throws -> WrittenResult<MetricSeries> {
        let tenant = try Person.ofCall.tenant
        let points = filter.points ?? 60
        try checkNumber(points, "points", 1...2_000)
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.sumSpan, now: now())
        let steps = Steps(span, points: points)
        let records = series.summed(
            of: tenant,
            target: filter.targetID,
            agent: filter.agentID,
            type: filter.type,
            since: span.from
        ).filter { filter.type != nil || !$0.key.series.type.isEvidence }
        let metric = filter.metric ?? .latencyMean
        let limits = reader.limits
        return try await reader.read(as: tenant) { rows in
            var budget = RowBudget(limits)
            let sums = try rows.sums(of: records, in: span, by: steps, withSketch: metric.isQuantile, &budget)
            return try WrittenResult(
                MetricSeries(
                    metric: metric,
                    from: Timestamp(microseconds: steps.from),
                    to: span.to,
                    stepMilliseconds: steps.milliseconds,
                    values: sums.map { $0.isEmpty ? nil : $0.value(of: metric) }
                )
            )
        }
    }
}

extension MetricFilter.Metric {
    fileprivate var isQuantile: Bool { [.latencyP50, .latencyP95, .latencyP99].contains(self) }
}

extension Rollup {
    fileprivate func value(of metric: MetricFilter.Metric) -> Double? {
        switch metric {
        case .latencyMean: latencies.mean
        case .latencyMinimum: latencies.minimum
        case .latencyMaximum: latencies.maximum
        case .latencyP50: sketch.quantile(0.5)
        case .latencyP95: sketch.quantile(0.95)
        case .latencyP99: sketch.quantile(0.99)
        case .jitter: jitter
        case .loss: loss
        case .errorRate: Double(failures) / Double(count)
        case .count: Double(count)
        case .failures: Double(failures)
        }
    }
}
