import Contracts

/// What rows have to be like.
struct RowFilter: Sendable {
    /// Microseconds since 1970.
    var times: Range<Int64>
    var status: MeasurementStatus?
    var reason: FailureReason?
    var id: UUIDv7?

    func accepts(_ rows: MeasurementColumns, _ row: Int) -> Bool {
        times.contains(rows.timestamp[row]) && status.map { rows.status[row] == $0 } ?? true
            && reason.map { rows.reason[row] == $0 } ?? true && id.map { rows.id[row] == $0 } ?? true
    }
}

extension Array {
    /// Inserts right after all elements that `isBefore` is true of, which are the first ones.
    mutating func insert(_ element: Element, after isBefore: (Element) -> Bool) {
        var range = 0..<count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if isBefore(self[middle]) {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        insert(element, at: range.lowerBound)
    }
}
