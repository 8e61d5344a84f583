/// Streams below a request's that no request had: they were closed by it (RFC 9113, section 5.1.1).
///
/// Clients pass over none, or a few at the start: the last ones are enough.
struct PassedOverStreams {
    private static let limit = 16

    private var last: Int32 = -1
    private var ranges: [ClosedRange<Int32>] = []

    /// Returns whether a head begins a stream that is higher than all before it; `id` is odd.
    mutating func noteHead(on id: Int32) -> Bool {
        guard id > last else { return false }
        if id > last + 2 { ranges = ranges.suffix(Self.limit - 1) + [last + 2...id - 2] }
        last = id
        return true
    }

    func contains(_ id: Int32) -> Bool {
        ranges.contains { $0.contains(id) }
    }
}
