import Contracts
import Database
import Packing

/// Rows of one series and one day as the database has them.
struct Chunk: Sendable {
    /// A new row goes into a chunk of less than so many rows and bytes that ends before it.
    static let fullRows = 1_000
    static let fullBytes = 16_384
    /// A chunk of more is cut.
    static let maximumRows = 2_000

    /// What it is found by.
    struct Place: Equatable, Sendable {
        var day: Int64
        var series: Int
        /// The time of the first and the last row.
        var first: Int64
        var last: Int64
        var rows: Int
        var bytes: Int

        var isFull: Bool { rows >= Chunk.fullRows || bytes >= Chunk.fullBytes }
    }

    var place: Place
    var packed: PackedRows
}

extension DatabaseConnection {
    func packedRows(of place: Chunk.Place) throws -> PackedRows {
        let packed = try first(
            """
            SELECT numbers, metadata FROM chunk
            WHERE day = \(place.day) AND series = \(place.series) AND first = \(place.first)
            """
        ) { row in PackedRows(numbers: try row.blob(0), metadata: try row.blob(1)) }
        guard let packed else { throw DatabaseError(.corrupt, "a chunk is missing") }
        return packed
    }
}

extension SQL {
    /// The chunks of a series and a day, in the order of time; of those that are not full what is in them.
    static func chunks(of series: Int, on day: Int64) -> SQL {
        let isOpen: SQL = "rows < \(Chunk.fullRows) AND length(numbers) + length(metadata) < \(Chunk.fullBytes)"
        return """
            SELECT first, last, rows, length(numbers) + length(metadata), CASE WHEN \(isOpen) THEN numbers END,
                CASE WHEN \(isOpen) THEN metadata END
            FROM chunk WHERE day = \(day) AND series = \(series) ORDER BY first
            """
    }

    static func insert(_ chunk: Chunk, tenant: TenantID) -> SQL {
        let (place, packed) = (chunk.place, chunk.packed)
        return """
            INSERT INTO chunk (day, series, first, last, tenant, rows, numbers, metadata)
            VALUES (\(place.day), \(place.series), \(place.first), \(place.last), \(tenant.rawValue), \(place.rows),
                \(packed.numbers), \(packed.metadata))
            """
    }

    static func delete(_ place: Chunk.Place) -> SQL {
        "DELETE FROM chunk WHERE day = \(place.day) AND series = \(place.series) AND first = \(place.first)"
    }
}
