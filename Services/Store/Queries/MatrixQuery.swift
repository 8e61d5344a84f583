import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Statistics

/// Answers `measurement.matrix`: targets over time, side by side.
struct MatrixQuery: Sendable {
    private static let maximumTargets = 1_000

    let reader: QueryReader
    let series: SeriesTable
    let labelled: LabelledTargets
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: MatrixFilter) async throws -> WrittenResult<Matrix> {
        let tenant = try Person.ofCall.tenant
        let points = filter.points ?? 48
        try checkNumber(points, "points", 1...200)
        try checkNumber(filter.targetIDs?.count ?? 0, "target_ids", 0...Self.maximumTargets)
        let span = try QuerySpan(from: filter.from, to: filter.to, longest: reader.limits.sumSpan, now: now())
        let steps = Steps(span, points: points)
        let targets = try await labelled(filter.labels, among: filter.targetIDs, of: tenant)
        let series = series.summed(of: tenant, among: targets, since: span.from)
            .filter { !$0.key.series.type.isEvidence }
        let groups = Dictionary(grouping: series, by: \.key.series.targetID)
        guard groups.count <= Self.maximumTargets else {
            throw invalid("target_ids", "must name at most \(Self.maximumTargets) of the \(groups.count) targets")
        }
        let limits = reader.limits
        return try await reader.read(as: tenant) { rows in
            var budget = RowBudget(limits)
            let lines = try groups.sorted { $0.key.rawValue < $1.key.rawValue }.map { target, records in
                let sums = try rows.sums(of: records, in: span, by: steps, withSketch: false, &budget)
                return Matrix.Row(target, sums)
            }
            return try WrittenResult(
                Matrix(
                    from: Timestamp(microseconds: steps.from),
                    to: span.to,
                    stepMilliseconds: steps.milliseconds,
                    targets: lines.filter { $0.count.contains { $0 > 0 } }
                )
            )
        }
    }
}

extension Matrix.Row {
    fileprivate init(_ target: TargetID, _ sums: [Rollup]) {
        self.init(targetID: target)
        count = sums.map(\.count)
        failures = sums.map(\.failures)
        sent = sums.map(\.sent)
        received = sums.map(\.received)
        mean = sums.map(\.latencies.mean)
        maximum = sums.map(\.latencies.maximum)
    }
}
