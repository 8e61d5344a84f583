import Contracts
import Database

/// Merges the rows of many series, newest first, and reads no more of each than it needs.
///
/// A series is opened only when nothing newer is left than its newest row may be.
struct NewestFirst {
    /// Rows that are read of one series at a time.
    private static let chunk = 32

    private struct Source {
        let record: SeriesRecord
        /// Read, and not yet handed out; the next one is last.
        var rows: [MeasurementRow] = []
        /// Where to read on: rows before this.
        var end: RowPlace
        var isExhausted = false

        /// The place of the next row; no row is after it as long as none is read.
        var next: RowPlace? {
            if let row = rows.last {
                return RowPlace(timestamp: row.timestamp.microseconds, id: row.id, series: record.id)
            }
            return isExhausted ? nil : end
        }
    }

    private let connection: any DatabaseConnection
    private let from: Int64
    private let status: MeasurementStatus?
    private let id: UUIDv7?
    /// Sorted by `next`; the newest is last.
    private var sources: [Source]

    /// Rows from `from` on and before `end`.
    init(
        _ series: [(record: SeriesRecord, newest: MeasurementRow)],
        from: Int64,
        before end: RowPlace,
        status: MeasurementStatus?,
        id: UUIDv7? = nil,
        on connection: any DatabaseConnection
    ) {
        self.connection = connection
        self.from = from
        self.status = status
        self.id = id
        sources = series.map { record, newest in
            let newest = RowPlace(timestamp: newest.timestamp.microseconds + 1, id: .lowest, series: 0)
            return Source(record: record, end: min(newest, end))
        }
        sources.sort { $0.end < $1.end }
    }

    /// The next row and its series; `nil` after the last one.
    mutating func next() throws -> (record: SeriesRecord, row: MeasurementRow)? {
        while var source = sources.popLast() {
            if let row = source.rows.popLast() {
                let record = source.record
                put(source)
                return (record, row)
            }
            if !source.isExhausted {
                try read(&source)
                put(source)
            }
        }
        return nil
    }

    private mutating func put(_ source: Source) {
        guard let next = source.next else { return }
        var range = 0..<sources.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if let other = sources[middle].next, other < next {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        sources.insert(source, at: range.lowerBound)
    }

    private func read(_ source: inout Source) throws {
        let (end, series) = (source.end, source.record.id)
        // The row at `end` itself belongs to this part of the list when its series comes after this one.
        let isIncluded = series < end.series
        let id = end.id.bytes
        let condition: SQL =
            isIncluded
            ? "(timestamp, id) <= (\(end.timestamp), \(id))" : "(timestamp, id) < (\(end.timestamp), \(id))"
        let filter: SQL = status.map { "AND status = \(Int($0.rawValue))" } ?? ""
        let only: SQL = self.id.map { "AND id = \($0.bytes)" } ?? ""
        source.rows = try connection.rows(
            """
            SELECT \(MeasurementRow.columns) FROM measurement
            WHERE series = \(series) AND timestamp >= \(from) AND \(condition) \(filter) \(only)
            ORDER BY timestamp DESC, id DESC LIMIT \(Self.chunk)
            """,
            MeasurementRow.init
        )
        source.isExhausted = source.rows.count < Self.chunk
        if let last = source.rows.last {
            source.end = RowPlace(timestamp: last.timestamp.microseconds, id: last.id, series: series)
        }
        source.rows.reverse()
    }
}

extension UUIDv7 {
    static let lowest = Self(high: 0, low: 0)
}
