import Contracts

/// What the measurements of one vantage, or of several together, amount to since the store follows them, and minute by
/// minute for the newest ones.
struct ProbeTotal: Sendable {
    /// Without a sketch: percentiles are those of a minute.
    private(set) var whole = Rollup()
    private var minutes: [(index: Int64, rollup: Rollup)] = []

    /// Adds row `row` of some columns; of minutes, those in `kept` alone are remembered.
    mutating func add(_ rows: MeasurementColumns, _ row: Int, kept: ClosedRange<Int64>) {
        whole.add(rows, row, withSketch: false)
        let index = RollupStep.minute.index(of: rows.timestamp[row])
        guard kept.contains(index) else { return }
        minutes[place(of: index, kept)].rollup.add(rows, row)
    }

    func minute(_ index: Int64) -> Rollup? { minutes.first { $0.index == index }?.rollup }

    /// Adds the counters of another vantage, and one minute of it.
    mutating func merge(_ other: ProbeTotal, minute index: Int64) {
        whole.merge(other.whole)
        guard let addition = other.minute(index) else { return }
        minutes[place(of: index, index...index)].rollup.merge(addition)
    }

    /// Where a minute is; a new one takes the place of those that are not kept any more.
    private mutating func place(of index: Int64, _ kept: ClosedRange<Int64>) -> Int {
        if let place = minutes.firstIndex(where: { $0.index == index }) { return place }
        minutes.removeAll { !kept.contains($0.index) }
        minutes.append((index, Rollup()))
        return minutes.count - 1
    }
}
