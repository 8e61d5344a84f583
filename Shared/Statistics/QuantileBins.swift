/// Counts of magnitudes by logarithmic bin; bin `k` holds magnitudes in `(γ^(k-1), γ^k]`.
///
/// Spans at most `limit` bins: when a value would widen it further, the lowest bins become one.
struct QuantileBins: Equatable, Sendable {
    struct Bin: Equatable, Sendable {
        let number: Int
        var count: UInt64
    }

    /// Those that hold something, in ascending order.
    private(set) var occupied: [Bin] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ count: UInt64, to number: Int) {
        guard let last = occupied.last?.number, number <= last else {
            collapse(below: number - limit + 1)
            return occupied.append(Bin(number: number, count: count))
        }
        let number = max(number, last - limit + 1)
        let index = firstIndex(notBelow: number)
        if occupied[index].number == number {
            occupied[index].count += count
        } else {
            occupied.insert(Bin(number: number, count: count), at: index)
        }
    }

    mutating func merge(_ other: QuantileBins) {
        var merged: [Bin] = []
        merged.reserveCapacity(occupied.count + other.occupied.count)
        var rest = occupied[...]
        for bin in other.occupied {
            while let lower = rest.first, lower.number < bin.number {
                merged.append(lower)
                rest.removeFirst()
            }
            if rest.first?.number == bin.number {
                merged.append(Bin(number: bin.number, count: bin.count + rest.removeFirst().count))
            } else {
                merged.append(bin)
            }
        }
        occupied = merged + rest
        if let last = occupied.last { collapse(below: last.number - limit + 1) }
    }

    /// Makes one of all bins up to `lowest`.
    private mutating func collapse(below lowest: Int) {
        guard let first = occupied.first, first.number < lowest else { return }
        let above = firstIndex(notBelow: lowest + 1)
        let count = occupied[..<above].reduce(0) { $0 + $1.count }
        occupied.replaceSubrange(..<above, with: [Bin(number: lowest, count: count)])
    }

    private func firstIndex(notBelow number: Int) -> Int {
        var (low, high) = (0, occupied.count)
        while low < high {
            let middle = low + (high - low) / 2
            if occupied[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
