import Contracts

extension MeasurementColumns {
    /// Adds row `row` of other columns, with its series.
    mutating func append(_ row: Int, of other: MeasurementColumns, withMetadata: Bool = true) {
        series.append(other.series[row])
        id.append(other.id[row])
        timestamp.append(other.timestamp[row])
        latency.append(other.latency[row])
        status.append(other.status[row])
        reason.append(other.reason[row])
        sent.append(other.sent[row])
        received.append(other.received[row])
        guard withMetadata else { return }
        metadataBytes.append(contentsOf: other.metadata(row))
        metadataEnd.append(metadataBytes.count)
    }

    /// Adds all rows of other columns.
    mutating func append(contentsOf other: MeasurementColumns) {
        series += other.series
        id += other.id
        timestamp += other.timestamp
        latency += other.latency
        status += other.status
        reason += other.reason
        sent += other.sent
        received += other.received
        let start = metadataBytes.count
        metadataBytes += other.metadataBytes
        metadataEnd += other.metadataEnd.lazy.map { start + $0 }
    }

    /// The rows at `places`, in that order.
    func picked(_ places: some Sequence<Int>) -> Self {
        var picked = Self()
        for place in places { picked.append(place, of: self, withMetadata: !metadataEnd.isEmpty) }
        return picked
    }

    /// The same in the order of time, and of ids where times are equal.
    func inOrderOfTime() -> Self {
        func isBefore(_ one: Int, _ other: Int) -> Bool {
            (timestamp[one], id[one]) < (timestamp[other], id[other])
        }
        let isSorted = (1..<max(count, 1)).allSatisfy { isBefore($0 - 1, $0) }
        return isSorted ? self : picked((0..<count).sorted(by: isBefore))
    }

    /// The rows between two boundaries, which `isBoundary` tells by a row and the one before.
    func ranges(between isBoundary: (_ before: Int, _ row: Int) -> Bool) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        var ranges: [Range<Int>] = []
        var start = 0
        for row in 1..<max(count, 1) where isBoundary(row - 1, row) {
            ranges.append(start..<row)
            start = row
        }
        return ranges + [start..<count]
    }

    /// Rows that follow one another.
    subscript(range: Range<Int>) -> Self {
        guard range != 0..<count else { return self }
        var some = Self()
        some.series = Array(series[range])
        some.id = Array(id[range])
        some.timestamp = Array(timestamp[range])
        some.latency = Array(latency[range])
        some.status = Array(status[range])
        some.reason = Array(reason[range])
        some.sent = Array(sent[range])
        some.received = Array(received[range])
        guard !metadataEnd.isEmpty, !range.isEmpty else { return some }
        let start = metadata(range.lowerBound).startIndex
        some.metadataBytes = Array(metadataBytes[start..<metadataEnd[range.upperBound - 1]])
        some.metadataEnd = metadataEnd[range].map { $0 - start }
        return some
    }

    var isEmpty: Bool { series.isEmpty }
}
