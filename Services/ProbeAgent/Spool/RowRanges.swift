/// A set of row numbers, as ranges in order that do not touch.
struct RowRanges: Equatable, Sendable {
    private(set) var ranges: [Range<Int>] = []

    init(_ ranges: [Range<Int>] = []) {
        for range in ranges { insert(range) }
    }

    /// One more than the largest number.
    var end: Int { ranges.last?.upperBound ?? 0 }

    mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let first = ranges.firstIndex { $0.upperBound >= range.lowerBound } ?? ranges.count
        let last = ranges[first...].firstIndex { $0.lowerBound > range.upperBound } ?? ranges.count
        let touching = ranges[first..<last]
        let lower = min(range.lowerBound, touching.first?.lowerBound ?? range.lowerBound)
        let upper = max(range.upperBound, touching.last?.upperBound ?? range.upperBound)
        ranges.replaceSubrange(first..<last, with: CollectionOfOne(lower..<upper))
    }

    mutating func remove(_ range: Range<Int>) {
        let kept = ranges.flatMap { RowRanges([range]).missing(in: $0) }
        ranges = kept
    }

    func contains(_ range: Range<Int>) -> Bool {
        range.isEmpty || ranges.contains { $0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound }
    }

    /// How many numbers of `range` are in the set.
    func count(in range: Range<Int>) -> Int {
        ranges.reduce(0) { $0 + $1.clamped(to: range).count }
    }

    /// The parts of `range` that are not in the set.
    func missing(in range: Range<Int>) -> [Range<Int>] {
        var missing: [Range<Int>] = []
        var position = range.lowerBound
        for known in ranges where known.upperBound > position && known.lowerBound < range.upperBound {
            if known.lowerBound > position { missing.append(position..<known.lowerBound) }
            position = known.upperBound
        }
        if position < range.upperBound { missing.append(position..<range.upperBound) }
        return missing
    }
}
