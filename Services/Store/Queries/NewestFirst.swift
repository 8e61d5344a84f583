import Contracts
import Database

/// Merges the rows of many series, newest first, and reads no more of each than it needs.
///
/// A series is opened only when nothing newer is left than its newest row may be.
struct NewestFirst {
    /// Rows of one series, some of them not yet handed out: the next one is last.
    private struct Rows {
        var rows = MeasurementColumns()
        var places: [Int] = []

        func next(of series: Int) -> RowPlace? {
            places.last.map { RowPlace(timestamp: rows.timestamp[$0], id: rows.id[$0], series: series) }
        }

        mutating func pop() -> MeasurementRow? {
            places.popLast().map { rows[row: $0] }
        }
    }

    private struct Source {
        let record: SeriesRecord
        var isOpen = false
        var head = Rows()
        var chunk = Rows()
        /// Chunks are read up to here: rows before this are left.
        var end: RowPlace
        var isExhausted = false

        /// The place of the next row; no row is after it as long as none is read.
        var next: RowPlace? {
            let chunk = chunk.next(of: record.id) ?? (isExhausted ? nil : end)
            guard let head = head.next(of: record.id) else { return chunk }
            return chunk.map { max($0, head) } ?? head
        }
    }

    private let reader: SeriesReader
    private let filter: RowFilter
    /// Sorted by `next`; the newest is last.
    private var sources: [Source]

    /// Rows before `end`.
    init(
        _ series: [(record: SeriesRecord, newest: MeasurementRow)],
        _ filter: RowFilter,
        before end: RowPlace,
        from reader: SeriesReader
    ) {
        self.reader = reader
        self.filter = filter
        sources = series.map { record, newest in
            let newest = RowPlace(timestamp: newest.timestamp.microseconds + 1, id: .lowest, series: 0)
            return Source(record: record, end: min(newest, end))
        }
        sources.sort { $0.end < $1.end }
    }

    /// The next row and its series; `nil` after the last one.
    mutating func next() throws -> (record: SeriesRecord, row: MeasurementRow)? {
        while var source = sources.popLast() {
            let (head, chunk) = (source.head.next(of: source.record.id), source.chunk.next(of: source.record.id))
            let isHead = head.map { head in chunk.map { $0 < head } ?? (source.isExhausted || source.end <= head) }
            let row: MeasurementRow?
            if isHead == true {
                row = source.head.pop()
            } else if chunk != nil {
                row = source.chunk.pop()
            } else {
                try read(&source)
                row = nil
            }
            put(source)
            if let row { return (source.record, row) }
        }
        return nil
    }

    private mutating func put(_ source: Source) {
        guard let next = source.next else { return }
        sources.insert(source, after: { $0.next.map { $0 < next } ?? false })
    }

    /// Reads what the head has of a series, and after that chunk by chunk.
    private func read(_ source: inout Source) throws {
        let number = source.record.id
        // The row at the end is of this part of the list when its series comes after this one.
        let times = filter.times.lowerBound..<max(filter.times.lowerBound, source.end.timestamp + 1)
        if !source.isOpen {
            source.isOpen = true
            let rows = try reader.headRows(of: number, in: times, withMetadata: true).inOrderOfTime()
            source.head = accepted(rows, of: source)
        }
        guard let rows = try reader.lastChunk(of: number, in: times) else {
            source.isExhausted = true
            return
        }
        source.chunk = accepted(rows, of: source)
        source.end = RowPlace(timestamp: rows.timestamp[0] - 1, id: .highest, series: .max)
        source.isExhausted = source.end.timestamp < filter.times.lowerBound
    }

    private func accepted(_ rows: MeasurementColumns, of source: Source) -> Rows {
        let places = (0..<rows.count).filter { row in
            let place = RowPlace(timestamp: rows.timestamp[row], id: rows.id[row], series: source.record.id)
            return place < source.end && filter.accepts(rows, row)
        }
        return Rows(rows: rows, places: places)
    }
}

extension UUIDv7 {
    fileprivate static let highest = Self(high: .max, low: .max)
}
