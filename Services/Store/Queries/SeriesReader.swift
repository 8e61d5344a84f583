import Contracts
import Database
import Packing

/// Rows of series as one snapshot of the database and the head have them.
struct SeriesReader {
    let connection: any DatabaseConnection
    /// Taken before the snapshot.
    let segments: [HeadSegment]
    /// Of later days all rows are kept; of this and earlier ones some may be minutes.
    let lastDayWithMinutes: Int64
    private let packer: RowPacker

    init(_ connection: any DatabaseConnection, _ segments: [HeadSegment], lastDayWithMinutes: Int64) throws {
        self.connection = connection
        self.segments = segments
        self.lastDayWithMinutes = lastDayWithMinutes
        packer = try RowPacker(level: 1)
    }

    /// Rows that are not in chunks, in the order of committing.
    func headRows(of series: Int, in times: Range<Int64>, withMetadata: Bool) throws -> MeasurementColumns {
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
        for day in Self.days(of: times) {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers FROM chunk WHERE \(chunks) ORDER BY first"
            try connection.query(query) { row in try body(try packer.storedNumbers(try row.blob(0))) }
        }
    }

    /// The same with metadata.
    func wholeChunks(of series: Int, in times: Range<Int64>, _ body: (MeasurementColumns) throws -> Void) throws {
        for day in Self.days(of: times) {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers, metadata FROM chunk WHERE \(chunks) ORDER BY first"
            try connection.query(query) { row in
                try body(try packer.stored(PackedRows(numbers: try row.blob(0), metadata: try row.blob(1))))
            }
        }
    }

    /// The chunk that has the first rows of a span, whole; `nil` when there is none.
    func firstChunk(of series: Int, in times: Range<Int64>) throws -> MeasurementColumns? {
        for day in Self.days(of: times) {
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
        for day in Self.days(of: times).reversed() {
            let chunks = Self.hasRows(of: series, on: day, in: times)
            let query: SQL = "SELECT numbers, metadata FROM chunk WHERE \(chunks) ORDER BY first DESC LIMIT 1"
            if let rows = try chunk(query) { return rows }
        }
        return nil
    }

    func minutes(of series: Int, on day: Int64) throws -> MinuteRollups? {
        try connection.minutes(of: series, on: day, packer)
    }

    /// What is true of the chunks that may have rows of a span.
    private static func hasRows(of series: Int, on day: Int64, in times: Range<Int64>) -> SQL {
        "day = \(day) AND series = \(series) AND first < \(times.upperBound) AND last >= \(times.lowerBound)"
    }

    static func days(of times: Range<Int64>) -> ClosedRange<Int64> {
        let first = RollupStep.day.index(of: times.lowerBound)
        return first...max(first, RollupStep.day.index(of: times.upperBound - 1))
    }
}
