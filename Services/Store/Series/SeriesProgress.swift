import Contracts
import Database
import Packing

/// How far a series is, as the database has it.
struct SeriesProgress: Sendable {
    /// Up to which cursor its rows are in chunks and roll-ups.
    var flushed = 0
    var mark = SeriesMark()
    /// Its newest row, unless that is too old to be kept.
    var newest: MeasurementRow?
}

/// What tells rows that are new to a series from those that may have been stored before.
struct SeriesMark: Equatable, Sendable {
    /// The newest time there ever was, and the highest id.
    var newestAt = Int64.min
    var highestID = UUIDv7.lowest

    /// Whether nothing in the series can be the same row: ids are made in the order of time.
    func isBefore(_ timestamp: Int64, _ id: UUIDv7) -> Bool {
        newestAt < timestamp && highestID < id
    }

    mutating func take(_ timestamp: Int64, _ id: UUIDv7) {
        newestAt = max(newestAt, timestamp)
        highestID = max(highestID, id)
    }
}

extension UUIDv7 {
    static let lowest = Self(high: 0, low: 0)
}

extension DatabaseConnection {
    /// Up to which cursor the log is in chunks, of all series.
    func flushedCursor() throws -> Int {
        try value("SELECT cursor FROM flushed WHERE tenant = \(TenantID.every.rawValue)") ?? 0
    }

    func flushedCursor(of series: Int) throws -> Int {
        try value(.flushedCursor(of: series)) ?? 0
    }

    /// Of all series that have rows in chunks.
    func seriesProgress(_ packer: RowPacker) throws -> [(series: Int, SeriesProgress)] {
        try rows("SELECT series, flushed, newest_at, highest_id, numbers, metadata FROM progress") { row in
            guard let highest = row.withBytes(3, UUIDv7.init(bytes:)) else {
                throw DatabaseError(.corrupt, "an id cannot be read")
            }
            var progress = SeriesProgress(flushed: try row[1])
            progress.mark = SeriesMark(newestAt: try row[2], highestID: highest)
            if !row.isNull(4) {
                let rows = try packer.stored(PackedRows(numbers: try row.blob(4), metadata: try row.blob(5)))
                progress.newest = rows.isEmpty ? nil : rows[row: 0]
            }
            return (try row[0], progress)
        }
    }
}

extension SQL {
    static func flushedCursor(of series: Int) -> SQL { "SELECT flushed FROM progress WHERE series = \(series)" }

    static func save(
        _ progress: SeriesProgress,
        of series: Int,
        tenant: TenantID,
        _ packer: RowPacker
    ) throws -> SQL {
        let newest = try progress.newest.map { row in
            var rows = MeasurementColumns()
            rows.append(row, series: 0)
            return try packer.pack(rows)
        }
        return """
            INSERT INTO progress (series, tenant, flushed, newest_at, highest_id, numbers, metadata)
            VALUES (\(series), \(tenant.rawValue), \(progress.flushed), \(progress.mark.newestAt),
                \(progress.mark.highestID.bytes), \(newest?.numbers), \(newest?.metadata))
            ON CONFLICT (series) DO UPDATE SET flushed = excluded.flushed, newest_at = excluded.newest_at,
                highest_id = excluded.highest_id, numbers = excluded.numbers, metadata = excluded.metadata
            """
    }
}

extension RowPacker {
    /// Unpacks rows from the database; throws `.corrupt` when they are not what was written.
    func stored(_ packed: PackedRows) throws(DatabaseError) -> MeasurementColumns {
        do {
            return try unpack(packed)
        } catch {
            throw DatabaseError(.corrupt, "stored rows cannot be read", cause: error)
        }
    }

    func storedNumbers(_ numbers: [UInt8]) throws(DatabaseError) -> MeasurementColumns {
        do {
            return try unpackNumbers(numbers)
        } catch {
            throw DatabaseError(.corrupt, "stored rows cannot be read", cause: error)
        }
    }
}
