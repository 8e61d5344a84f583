/// Counts of magnitudes by logarithmic bin; bin `k` holds magnitudes in `(γ^(k-1), γ^k]`.
///
/// Spans at most `limit` bins: when a value would widen it further, the lowest bins become one.
struct QuantileBins: Equatable, Sendable {
    /// The bin of the first count.
    private(set) var first = 0
    /// Neither end of a non-empty array is zero.
    private(set) var counts: [UInt64] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { counts.isEmpty }
    var last: Int { first + counts.count - 1 }

    mutating func add(_ count: UInt64, to bin: Int) {
        if counts.isEmpty {
            first = bin
            counts = [count]
            return
        }
        if bin > last { grow(up: bin) }
        let bin = max(bin, last - limit + 1)
        if bin < first {
            counts.insert(contentsOf: repeatElement(0, count: first - bin), at: 0)
            first = bin
        }
        counts[bin - first] += count
    }

    private mutating func grow(up bin: Int) {
        let lowest = bin - limit + 1
        if first < lowest {
            let collapsed = counts.prefix(lowest - first).reduce(0, +)
            counts.removeFirst(min(lowest - first, counts.count))
            first = lowest
            if counts.isEmpty { counts = [0] }
            counts[0] += collapsed
        }
        counts.append(contentsOf: repeatElement(0, count: bin - last))
    }

    mutating func merge(_ other: QuantileBins) {
        // From the top, so that what must collapse does so once.
        for (index, count) in other.counts.enumerated().reversed() where count > 0 {
            add(count, to: other.first + index)
        }
    }

    /// The bins that hold something, in ascending order.
    var occupied: some Sequence<(bin: Int, count: UInt64)> {
        counts.enumerated().lazy.filter { $0.element > 0 }.map { (first + $0.offset, $0.element) }
    }
}
