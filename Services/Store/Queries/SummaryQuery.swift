import Contracts
import Database
import JSONRPC
import Statistics

/// Answers `measurement.summary`.
struct SummaryQuery: Sendable {
    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: SummaryFilter) async throws -> WrittenResult<SummaryReport> {
        let span = try QuerySpan(from: filter.from, to: filter.to, limits: reader.limits, now: now())
        let series = series.series(of: defaultTenant, target: filter.targetID)
            .filter { $0.newest.timestamp >= span.from }
            .map(\.record)
        let limits = reader.limits
        return try await reader.read { connection in
            var targets: [TargetID: Tally] = [:]
            var budget = RowBudget(limits)
            for record in series {
                try connection.scan(record.id, in: span) { row in
                    try budget.use()
                    targets[record.key.series.targetID, default: Tally()].add(row)
                }
            }
            return try WrittenResult(report(span, targets))
        }
    }

    private func report(_ span: QuerySpan, _ targets: [TargetID: Tally]) throws -> SummaryReport {
        var overall = Tally()
        for tally in targets.values { try overall.merge(tally) }
        return SummaryReport(
            from: span.from,
            to: span.to,
            overall: overall.summary(over: span.seconds),
            targets: targets.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, tally in
                TargetSummary(targetID: id, summary: tally.summary(over: span.seconds))
            }
        )
    }
}

/// Rows summed up; the tallies of parts merge into that of the whole.
private struct Tally {
    private var count = 0
    private var failures = 0
    private var sent = 0
    private var received = 0
    private var latencies = Statistics.Summary()
    private var sketch = QuantileSketch()

    mutating func add(_ row: ScannedRow) {
        count += 1
        if row.isFailure { failures += 1 }
        sent += row.sent
        received += row.received
        guard let latency = row.latency else { return }
        latencies.add(latency)
        sketch.add(latency)
    }

    mutating func merge(_ other: Tally) throws {
        count += other.count
        failures += other.failures
        sent += other.sent
        received += other.received
        latencies.merge(other.latencies)
        try sketch.merge(other.sketch)
    }

    func summary(over seconds: Double) -> Contracts.Summary {
        var summary = Contracts.Summary(
            count: count,
            failures: failures,
            throughput: Double(count) / seconds,
            errorRate: count == 0 ? 0 : Double(failures) / Double(count)
        )
        summary.loss = sent == 0 ? nil : Double(sent - received) / Double(sent)
        summary.mean = latencies.mean
        summary.minimum = latencies.minimum
        summary.maximum = latencies.maximum
        summary.p50 = sketch.quantile(0.5)
        summary.p95 = sketch.quantile(0.95)
        summary.p99 = sketch.quantile(0.99)
        return summary
    }
}
