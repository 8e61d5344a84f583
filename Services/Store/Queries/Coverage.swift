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
    /// When the check was to run, in order; `nil` when that was always.
    private let hours: [Range<Int64>]?

    /// `records` are of one vantage: each is expected from its first row on, until the next one begins, in `hours` alone
    /// if there are any.
    ///
    /// `nil` when none of them comes at intervals.
    init?(_ records: [SeriesRecord], until end: Timestamp, hours: [CheckHours.Span]? = nil) {
        self.hours = hours?.filter { $0.from < $0.to }.map { $0.from.microseconds..<$0.to.microseconds }
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
                let (start, end) = (max(from, period.from), min(to, period.to))
                return start < end ? sum + Double(time(in: start..<end)) / Double(period.interval) : sum
            }
            return Int(share.rounded())
        }
    }

    /// How much of a span of time the check was to run.
    private func time(in span: Range<Int64>) -> Int64 {
        guard let hours else { return Int64(span.count) }
        let first = hours.partitioningIndex { $0.upperBound > span.lowerBound }
        var sum: Int64 = 0
        for hour in hours[first...] {
            guard hour.lowerBound < span.upperBound else { break }
            sum += Int64(hour.clamped(to: span).count)
        }
        return sum
    }
}

extension [Range<Int64>] {
    /// The first place at which a condition holds that holds from some place on.
    fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
