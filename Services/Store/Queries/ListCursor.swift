import Contracts

/// A row's place in the order of a list: by time, and by identifier and series where times are equal.
struct RowPlace: Comparable, Sendable {
    var timestamp: Int64
    var id: UUIDv7
    var series: Int

    static func < (left: Self, right: Self) -> Bool {
        (left.timestamp, left.id, left.series) < (right.timestamp, right.id, right.series)
    }
}

/// Where a page ended, and where the whole list is to end.
///
/// It keeps the beginning of the span, since that moves with the clock when nothing is said of it.
struct ListCursor: Sendable {
    var last: RowPlace
    /// Microseconds since 1970.
    var from: Int64

    init(after last: RowPlace, from: Int64) {
        self.last = last
        self.from = from
    }

    /// `nil` for a text that `text` did not make.
    init?(_ text: String) {
        let times: ClosedRange<Int64> = 0...1 << 60
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let timestamp = Int64(parts[0]), let id = UUIDv7(String(parts[1])),
            let series = Int(parts[2]), series > 0, let from = Int64(parts[3]), times.contains(timestamp),
            times.contains(from)
        else { return nil }
        self.init(after: RowPlace(timestamp: timestamp, id: id, series: series), from: from)
    }

    var text: String { "\(last.timestamp).\(last.id).\(last.series).\(from)" }
}
