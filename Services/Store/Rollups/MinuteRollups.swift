import Contracts
import Database
import Packing

/// The minutes of one series and one day, in the order of time: what is left of rows that are too old to be kept.
struct MinuteRollups: Sendable {
    private static let maximumBytes = 64 << 20

    /// By the number of the minute since 1970.
    private(set) var rollups: [Int64: Rollup] = [:]

    init() {}

    /// Adds rows in the order of time.
    mutating func add(_ rows: MeasurementColumns) {
        for row in 0..<rows.count {
            rollups[RollupStep.minute.index(of: rows.timestamp[row]), default: Rollup()].add(rows, row)
        }
    }

    /// The number of minutes, then of each the distance to the one before and the roll-up; in one frame.
    func packed(_ zstandard: Zstandard) throws -> [UInt8] {
        var writer = PackedWriter(capacity: 96 * rollups.count)
        writer.number(rollups.count)
        var last: Int64 = 0
        for (index, rollup) in rollups.sorted(by: { $0.key < $1.key }) {
            writer.signed(index - last)
            rollup.pack(into: &writer)
            last = index
        }
        return try zstandard.frame(writer.bytes)
    }

    /// Throws `.corrupt` for what `packed` did not make.
    init(packed bytes: [UInt8], _ zstandard: Zstandard) throws {
        do {
            var reader = PackedReader(try zstandard.contents(of: bytes, limit: Self.maximumBytes))
            var last: Int64 = 0
            for _ in 0..<(try reader.count(upTo: 1_440)) {
                last = last &+ (try reader.signed())
                rollups[last] = try Rollup(packed: &reader)
            }
            guard reader.isAtEnd else { throw PackingError(.malformed, "bytes behind the minutes") }
        } catch {
            throw DatabaseError(.corrupt, "the minutes of a day cannot be read", cause: error)
        }
    }
}

extension DatabaseConnection {
    func minutes(of series: Int, on day: Int64, _ packer: RowPacker) throws -> MinuteRollups? {
        try first("SELECT rollups FROM minutes WHERE day = \(day) AND series = \(series)") { row in
            try MinuteRollups(packed: try row.blob(0), packer.zstandard)
        }
    }
}
