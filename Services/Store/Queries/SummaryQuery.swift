import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Statistics

/// Answers `measurement.summary`.
struct SummaryQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let labelled: LabelledTargets
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: SummaryFilter) async throws -> WrittenResult<SummaryReport> {
        let tenant = try Person.ofCall.tenant
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.sumSpan, now: now())
        let targets = try await labelled(filter.labels, of: tenant)
        let series = series.summed(of: tenant, target: filter.targetID, among: targets, since: span.from)
        let records = Dictionary(grouping: series, by: \.key.series.targetID)
        let limits = reader.limits
        return try await reader.read(as: tenant) { rows in
            var targets: [TargetID: Rollup] = [:]
            var budget = RowBudget(limits)
            for (target, records) in records {
                let sum = try rows.sums(of: records, in: span, by: Steps(whole: span), &budget)[0]
                if !sum.isEmpty { targets[target] = sum }
            }
            return try WrittenResult(Self.report(span, targets))
        }
    }

    private static func report(_ span: QuerySpan, _ targets: [TargetID: Rollup]) -> SummaryReport {
        var overall = Rollup()
        for rollup in targets.values { overall.merge(rollup) }
        return SummaryReport(
            from: span.from,
            to: span.to,
            overall: overall.summary(over: span.seconds),
            targets: targets.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, rollup in
                TargetSummary(targetID: id, summary: rollup.summary(over: span.seconds))
            }
        )
    }
}

extension Rollup {
    func summary(over seconds: Double) -> Contracts.Summary {
        var summary = Contracts.Summary(
            count: count,
            failures: failures,
            throughput: Double(count) / seconds,
            errorRate: count == 0 ? 0 : Double(failures) / Double(count)
        )
        summary.loss = loss
        summary.mean = latencies.mean
        summary.minimum = latencies.minimum
        summary.maximum = latencies.maximum
        summary.p50 = sketch.quantile(0.5)
        summary.p95 = sketch.quantile(0.95)
        summary.p99 = sketch.quantile(0.99)
        return summary
    }
}
