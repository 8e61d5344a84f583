import Contracts

/// How many measurements there should be of a check as an agent sees it, so that silence is not taken for success.
struct Coverage {
    private struct Period {
        var from: Int64
        var to: Int64
        /// Microseconds.
        var interval: Int64
    }

    private var periods: [Period] = []

    /// `records` are of one vantage: each is expected from its first row on, until the next one begins.
    ///
    /// `nil` when none of them comes at intervals.
    init?(_ records: [SeriesRecord], until end: Timestamp) {
        let sorted = records.filter { $0.key.series.intervalMilliseconds != nil }.sorted { $0.firstAt < $1.firstAt }
        guard !sorted.isEmpty else { return nil }
        for (index, record) in sorted.enumerated() {
            periods.append(
                Period(
                    from: record.firstAt,
                    to: index + 1 < sorted.count ? sorted[index + 1].firstAt : end.microseconds,
                    interval: Int64(record.key.series.intervalMilliseconds ?? 1) * 1_000
                )
            )
        }
    }

    /// The number of each step; the last may end early.
    func expected(_ steps: Steps, upTo end: Timestamp) -> [Int] {
        (0..<steps.count).map { step in
            let from = steps.from + Int64(step) * steps.length
            let to = min(from + steps.length, end.microseconds)
            let share = periods.reduce(0.0) { sum, period in
                let overlap = min(to, period.to) - max(from, period.from)
                return overlap > 0 ? sum + Double(overlap) / Double(period.interval) : sum
            }
            return Int(share.rounded())
        }
    }
}
