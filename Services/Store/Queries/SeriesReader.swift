import Contracts
import Database
import Packing

/// Rows of series as one snapshot of the database and the head have them.
struct SeriesReader {
    let connection: any DatabaseConnection
    /// Taken before the snapshot.
    let segments: [HeadSegment]
    /// What is not shown any more, removed or not.
    let expired: ExpiredDays
    private let packer: RowPacker

    init(_ connection: any DatabaseConnection, _ segments: [HeadSegment], expired: ExpiredDays) {
        self.connection = connection
        self.segments = segments
        self.expired = expired
        packer = RowPacker(level: 1)
    }

    /// Rows that are not in chunks, in the order of committing.
    func headRows(of series: Int, in times: Range<Int64>, withMetadata: Bool) throws -> MeasurementColumns {
        try headRows(of: series, inAny: times.keeping(from: expired.end(\.rows)), withMetadata: withMetadata)
    }

    /// The same, however old; for sums.
    func headRows(of series: Int, inAny times: Range<Int64>, withMetadata: Bool) throws -> MeasurementColumns {
        guard !times.isEmpty else { return MeasurementColumns() }
        let flushed = try connection.flushedCursor(of: series)
        var rows = MeasurementColumns()
        for segment in segments {
            segment.collect(series, after: flushed, in: times, withMetadata: withMetadata, into: &rows)
        }
        return rows
    }

    /// Hands each chunk that has rows of a span to `body`, without metadata and in the order of time; its rows may
    /// reach beyond the span.
    func chunks(of series: Int, in times: Range<Int64>, _ body: (MeasurementColumns) throws -> Void) throws {
        for day in days(of: times) {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers FROM chunk WHERE \(chunks) ORDER BY first"
            try connection.query(query) { row in try body(try packer.storedNumbers(try row.blob(0))) }
        }
    }

    /// The same with metadata.
    func wholeChunks(of series: Int, in times: Range<Int64>, _ body: (MeasurementColumns) throws -> Void) throws {
        for day in days(of: times) {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers, metadata FROM chunk WHERE \(chunks) ORDER BY first"
            try connection.query(query) { row in
                try body(try packer.stored(PackedRows(numbers: try row.blob(0), metadata: try row.blob(1))))
            }
        }
    }

    /// The chunk that has the first rows of a span, whole; `nil` when there is none.
    func firstChunk(of series: Int, in times: Range<Int64>) throws -> MeasurementColumns? {
        for day in days(of: times) {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers, metadata FROM chunk WHERE \(chunks) ORDER BY first LIMIT 1"
            if let rows = try chunk(query) { return rows }
        }
        return nil
    }

    private func chunk(_ query: SQL) throws -> MeasurementColumns? {
        let packed = try connection.first(query) { row in
            PackedRows(numbers: try row.blob(0), metadata: try row.blob(1))
        }
        return try packed.map(packer.stored)
    }

    /// The chunk that has the last rows of a span, whole; `nil` when there is none.
    func lastChunk(of series: Int, in times: Range<Int64>) throws -> MeasurementColumns? {
        for day in days(of: times).reversed() {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers, metadata FROM chunk WHERE \(chunks) ORDER BY first DESC LIMIT 1"
            if let rows = try chunk(query) { return rows }
        }
        return nil
    }

    /// What is left of the rows of a day that has expired: minutes, also of rows that are still to be removed; and how
    /// many of those there are.
    func minutes(of series: Int, on day: Int64) throws -> (MinuteRollups, rows: Int) {
        var minutes = try connection.minutes(of: series, on: day, packer) ?? MinuteRollups()
        var count = 0
        let query: SQL = "SELECT numbers FROM chunk WHERE day = \(day) AND series = \(series) ORDER BY first"
        try connection.query(query) { row in
            let rows = try packer.storedNumbers(try row.blob(0))
            minutes.add(rows)
            count += rows.count
        }
        return (minutes, count)
    }

    /// What is true of the chunks that may have rows of a span.
    private static func hasRows(of series: Int, on day: Int64, in times: Range<Int64>) -> SQL {
        "day = \(day) AND series = \(series) AND first < \(times.upperBound) AND last >= \(times.lowerBound)"
    }

    /// The days of a span of which there are rows.
    private func days(of times: Range<Int64>) -> Range<Int64> {
        times.keeping(from: expired.end(\.rows)).days
    }
}

extension Range<Int64> {
    /// Without what is before `time`.
    func keeping(from time: Int64) -> Self { Swift.min(Swift.max(lowerBound, time), upperBound)..<upperBound }

    /// The days that a span of time touches.
    var days: Self {
        guard !isEmpty else { return 0..<0 }
        return RollupStep.day.index(of: lowerBound)..<RollupStep.day.index(of: upperBound - 1) + 1
    }
}
