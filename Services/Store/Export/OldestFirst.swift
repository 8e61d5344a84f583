import Contracts

/// Merges the rows of many series, oldest first, in memory that does not grow with the span.
///
/// It lives longer than a snapshot of the database: of each series it keeps some rows that come next, and reads more,
/// from chunks and memory at once, when those are handed out. A row that is stored meanwhile comes if its series is read
/// after that, and never twice.
struct OldestFirst: Sendable {
    private struct Source: Sendable {
        let record: SeriesRecord
        var rows = MeasurementColumns()
        var next = 0
        /// What is left to be read comes after this.
        var readUpTo: RowPlace
        var isExhausted = false

        /// No row of the series that is left comes before this.
        var place: RowPlace {
            guard next < rows.count else { return readUpTo }
            return RowPlace(timestamp: rows.timestamp[next], id: rows.id[next], series: record.id)
        }
    }

    /// Rows of all series together that are kept, and of each at least and at the most.
    private static let keptRows = 50_000
    private static let keptOfEach = 8...2_000

    private let filter: RowFilter
    private let keptRows: Int
    /// Sorted by `place`; the oldest is last.
    private var sources: [Source]

    /// Rows after `start`.
    init(_ series: [SeriesRecord], _ filter: RowFilter, after start: RowPlace) {
        self.filter = filter
        keptRows = (Self.keptRows / max(series.count, 1)).clamped(to: Self.keptOfEach)
        sources = series.map { Source(record: $0, readUpTo: start) }
    }

    var isAtEnd: Bool { sources.isEmpty }

    /// Hands on rows while they are wanted, or until so many series had to be read that it is time for someone else.
    mutating func read(
        from reader: SeriesReader,
        refills: Int = 256,
        while isWanted: () -> Bool,
        _ body: (MeasurementRow, SeriesRecord) throws -> Void
    ) throws {
        var refills = refills
        while isWanted(), refills > 0, var source = sources.popLast() {
            if source.next < source.rows.count {
                try body(source.rows[row: source.next], source.record)
                source.next += 1
            } else {
                refills -= 1
                try refill(&source, from: reader)
            }
            put(source)
        }
    }

    private mutating func put(_ source: Source) {
        guard source.next < source.rows.count || !source.isExhausted else { return }
        let place = source.place
        sources.insert(source, after: { $0.place > place })
    }

    /// Reads the first chunk that has rows left, what is in memory of its time, and keeps the first of them.
    private func refill(_ source: inout Source, from reader: SeriesReader) throws {
        (source.rows, source.next) = (MeasurementColumns(), 0)
        let limit = filter.times.upperBound
        guard source.readUpTo.timestamp < limit else {
            source.isExhausted = true
            return
        }
        let times = source.readUpTo.timestamp..<limit
        let chunk = try reader.firstChunk(of: source.record.id, in: times)
        let end = chunk.flatMap(\.timestamp.last).map { min($0 + 1, limit) } ?? limit
        var rows = try reader.headRows(of: source.record.id, in: times.lowerBound..<end, withMetadata: true)
        if let chunk { rows.append(contentsOf: chunk) }
        rows = rows.inOrderOfTime()
        let places = (0..<rows.count).filter { row in
            let place = RowPlace(timestamp: rows.timestamp[row], id: rows.id[row], series: source.record.id)
            return source.readUpTo < place && filter.accepts(rows, row)
        }
        source.rows = rows.picked(places.prefix(keptRows))
        if let last = places.dropFirst(keptRows - 1).first, places.count > keptRows {
            source.readUpTo = RowPlace(timestamp: rows.timestamp[last], id: rows.id[last], series: source.record.id)
        } else {
            // Rows of one time are in one chunk, so nothing is left of the times that were read.
            source.readUpTo = RowPlace(timestamp: end, id: .lowest, series: 0)
            source.isExhausted = end >= limit
        }
    }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
