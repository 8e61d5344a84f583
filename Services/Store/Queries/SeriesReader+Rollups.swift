import Contracts
import Database

extension SeriesReader {
    /// Sums up series step by step, all in one: of whole hours and days from roll-ups, where those lie in one step each,
    /// and of the rest from rows, or from minutes where the rows are gone.
    ///
    /// Steps may begin before the span, and are summed up from their beginning. Without sketches there are no
    /// percentiles. Throws `invalidParams` when more rows have to be looked at than the budget has.
    func sums(
        of records: [SeriesRecord],
        in span: QuerySpan,
        by steps: Steps,
        withSketch: Bool = true,
        _ budget: inout RowBudget
    ) throws -> [Rollup] {
        var sum = SeriesSum(
            reader: self,
            steps: steps,
            withSketch: withSketch,
            budget: budget,
            sums: Array(repeating: Rollup(), count: steps.count)
        )
        for record in records {
            sum.series = record.id
            try sum.add(steps.from..<span.to.microseconds, upTo: steps.unit)
        }
        budget = sum.budget
        return sum.sums
    }
}

/// Series on their way into steps.
private struct SeriesSum {
    let reader: SeriesReader
    let steps: Steps
    let withSketch: Bool
    var budget: RowBudget
    var sums: [Rollup]
    var series = 0

    /// Adds a span from roll-ups up to a length, and from rows where those do not fit.
    mutating func add(_ times: Range<Int64>, upTo unit: RollupStep?) throws {
        guard !times.isEmpty else { return }
        guard let unit, unit != .minute else { return try addRows(times) }
        let length = unit.microseconds
        let first = (times.lowerBound + length - 1) / length * length
        let last = times.upperBound / length * length
        let shorter: RollupStep? = unit == .day ? .hour : nil
        guard first < last else { return try add(times, upTo: shorter) }
        try add(times.lowerBound..<first, upTo: shorter)
        let kept = (first..<last).keeping(from: reader.expired.end(unit == .day ? \.days : \.hours))
        try reader.connection.rollups(
            unit,
            of: series,
            from: kept.lowerBound,
            to: kept.upperBound,
            withSketch: withSketch
        ) { start, rollup in
            sums[steps.index(of: start)].merge(rollup)
        }
        try addHead(kept)
        try add(last..<times.upperBound, upTo: shorter)
    }

    private mutating func addRows(_ times: Range<Int64>) throws {
        let minutes = times.keeping(from: reader.expired.end(\.minutes))
        let rows = times.keeping(from: reader.expired.end(\.rows))
        let expired = minutes.lowerBound..<max(minutes.lowerBound, rows.lowerBound)
        for day in expired.days {
            let (minutes, rows) = try reader.minutes(of: series, on: day)
            try budget.use(rows)
            try add(minutes, expired)
        }
        var late = MinuteRollups()
        late.add(try reader.headRows(of: series, inAny: expired, withMetadata: false))
        try add(late, expired)
        try reader.chunks(of: series, in: rows) { found in try add(found, rows) }
        try addHead(rows)
    }

    private mutating func add(_ minutes: MinuteRollups, _ times: Range<Int64>) throws {
        for (index, rollup) in minutes.rollups.sorted(by: { $0.key < $1.key }) {
            let start = index * RollupStep.minute.microseconds
            guard times.contains(start) else { continue }
            try budget.use(1)
            sums[steps.index(of: start)].merge(rollup)
        }
    }

    private mutating func addHead(_ times: Range<Int64>) throws {
        try add(try reader.headRows(of: series, inAny: times, withMetadata: false), times)
    }

    private mutating func add(_ rows: MeasurementColumns, _ times: Range<Int64>) throws {
        try budget.use(rows.count)
        for row in 0..<rows.count where times.contains(rows.timestamp[row]) {
            sums[steps.index(of: rows.timestamp[row])].add(rows, row, withSketch: withSketch)
        }
    }
}
