import Contracts
import Packing

/// New rows of one series and one day, and what becomes of the chunks there.
struct ChunkMerge {
    private(set) var removed: [Chunk.Place] = []
    private(set) var added: [Chunk] = []
    /// Chunks that rows belong into and that cannot be read: they are left for a restore, and the rows go beside them.
    private(set) var damaged = 0

    private let day: Int64
    private let packer: RowPacker

    /// `rows` are in the order of time, of one series and one day; `places` are all chunks of it.
    init(
        _ rows: MeasurementColumns,
        on day: Int64,
        into places: [Chunk.Place],
        _ packer: RowPacker,
        load: (Chunk.Place) throws -> PackedRows
    ) throws {
        self.day = day
        self.packer = packer
        var additions: [Int: MeasurementColumns] = [:]
        // The last chunk that begins before each row, where there is one.
        func chunk(_ row: Int) -> Int? { places.lastIndex { $0.first <= rows.timestamp[row] } }
        for range in rows.ranges(between: { chunk($0) != chunk($1) }) {
            if let target = Self.target(of: rows.timestamp[range.lowerBound], in: places) {
                additions[target, default: MeasurementColumns()].append(contentsOf: rows[range])
            } else {
                try add(rows[range])
            }
        }
        for (target, rows) in additions.sorted(by: { $0.key < $1.key }) {
            do {
                var all = try packer.unpack(try load(places[target]))
                all.append(contentsOf: rows)
                removed.append(places[target])
                try add(all.inOrderOfTime())
            } catch is PackingError {
                damaged += 1
                try add(rows)
            }
        }
    }

    /// The chunk that rows from `time` on, and before the next chunk, go into: the one around them, or the one before
    /// or behind them if it has room; `nil` for one of their own.
    private static func target(of time: Int64, in places: [Chunk.Place]) -> Int? {
        guard let index = places.lastIndex(where: { $0.first <= time }) else {
            return places.first.map(\.isFull) == false ? 0 : nil
        }
        return time <= places[index].last || !places[index].isFull ? index : nil
    }

    /// Rows of one time stay together, so that the times of two chunks do not overlap.
    private mutating func add(_ rows: MeasurementColumns) throws {
        var start = 0
        let ranges = rows.ranges { before, row in
            guard rows.count > Chunk.maximumRows, row - start >= Chunk.fullRows,
                rows.timestamp[before] < rows.timestamp[row]
            else { return false }
            start = row
            return true
        }
        for piece in ranges.map({ rows[$0] }) {
            let packed = try packer.pack(piece)
            let place = Chunk.Place(
                day: day,
                series: piece.series[0],
                first: piece.timestamp[0],
                last: piece.timestamp[piece.count - 1],
                rows: piece.count,
                bytes: packed.byteCount
            )
            added.append(Chunk(place: place, packed: packed))
        }
    }
}
