/// What came back of some numbered packets, and in which order.
///
/// Holds a bit a packet.
struct SeriesTally: Sendable {
    enum Arrival: Equatable, Sendable {
        case first
        case copy
        /// No packet has this number.
        case unknown
    }

    let count: Int
    private(set) var received = 0
    private(set) var duplicates = 0
    /// Packets that came behind one that was sent later (RFC 4737, section 3.4); copies do not count.
    private(set) var reordered = 0
    private(set) var strangers = 0
    /// The greatest number that has come; -1 before the first.
    private(set) var greatest = -1
    private var seen: [UInt64]

    init(count: Int) {
        self.count = count
        seen = Array(repeating: 0, count: (count + 63) / 64)
    }

    /// Takes a packet by its number, from 0.
    mutating func take(_ number: Int) -> Arrival {
        guard (0..<count).contains(number) else {
            strangers += 1
            return .unknown
        }
        let (word, bit) = (number / 64, UInt64(1) << UInt64(number % 64))
        guard seen[word] & bit == 0 else {
            duplicates += 1
            return .copy
        }
        seen[word] |= bit
        received += 1
        if number < greatest { reordered += 1 }
        greatest = max(greatest, number)
        return .first
    }
}
