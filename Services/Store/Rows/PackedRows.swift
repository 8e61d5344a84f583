import Contracts
import Packing

/// Measurements in few bytes: what is counted and measured in one frame, what was seen besides in another, so that who
/// wants numbers need not read texts.
///
/// Rows in the order of time take the fewest bytes; any order is kept.
struct PackedRows: Equatable, Sendable {
    var numbers: [UInt8]
    var metadata: [UInt8]

    var byteCount: Int { numbers.count + metadata.count }
}

/// Packs rows and unpacks them.
///
/// `numbers` holds, behind the version and the number of rows and column by column: series (runs), times (the first,
/// then how much the distance to the one before has changed), ids (milliseconds between the time in it and the row's,
/// then the rest as it is), latencies (see `LatencyForm`), status, reason, sent and received (runs). `metadata` holds
/// the lengths (runs) and the texts.
struct RowPacker: Sendable {
    private static let version: UInt8 = 1
    /// Rows that one pack holds at the most; a damaged one may ask for anything.
    private static let maximumRows = 1 << 20
    private static let maximumBytes = 1 << 30

    let zstandard: Zstandard

    init(level: Int) {
        zstandard = Zstandard(level: level)
    }

    /// Packs columns whose `series` are any numbers.
    func pack(_ rows: MeasurementColumns) throws(PackingError) -> PackedRows {
        var writer = PackedWriter(capacity: 64 + 32 * rows.count)
        writer.byte(Self.version)
        writer.number(rows.count)
        writer.runs(rows.series)
        writer.times(rows.timestamp)
        for row in 0..<rows.count {
            writer.signed(Int64(rows.id[row].high >> 16) - Self.milliseconds(rows.timestamp[row]))
        }
        for id in rows.id { writer.word(id.high) }
        for id in rows.id { writer.fixed(id.low) }
        writer.latencies(rows.latency)
        writer.runs(rows.status.lazy.map { Int($0.rawValue) })
        writer.runs(rows.reason.lazy.map { Int($0.rawValue) })
        writer.runs(rows.sent)
        writer.runs(rows.received)
        var texts = PackedWriter(capacity: 16 + rows.metadataBytes.count)
        texts.runs((0..<rows.count).lazy.map { rows.metadata($0).count })
        texts.data(rows.metadataBytes)
        return PackedRows(numbers: try zstandard.frame(writer.bytes), metadata: try zstandard.frame(texts.bytes))
    }

    /// Unpacks rows whole.
    ///
    /// Throws `.malformed` for what `pack` did not make.
    func unpack(_ packed: PackedRows) throws(PackingError) -> MeasurementColumns {
        var rows = try unpackNumbers(packed.numbers)
        var reader = PackedReader(try zstandard.contents(of: packed.metadata, limit: Self.maximumBytes))
        var end = 0
        rows.metadataEnd = try reader.runs(rows.count, upTo: Self.maximumBytes) { length throws(PackingError) in length
        }
        for row in 0..<rows.count {
            end += rows.metadataEnd[row]
            rows.metadataEnd[row] = end
        }
        rows.metadataBytes = Array(try reader.data())
        guard rows.metadataBytes.count == end, reader.isAtEnd else { throw Self.damaged }
        return rows
    }

    /// Unpacks all but the metadata, whose columns stay empty.
    func unpackNumbers(_ numbers: [UInt8]) throws(PackingError) -> MeasurementColumns {
        var reader = PackedReader(try zstandard.contents(of: numbers, limit: Self.maximumBytes))
        guard try reader.byte() == Self.version else { throw PackingError(.malformed, "rows of an unknown version") }
        let count = try reader.count(upTo: Self.maximumRows)
        var rows = MeasurementColumns()
        rows.series = try reader.runs(count) { number throws(PackingError) in number }
        rows.timestamp = try reader.times(count)
        var milliseconds: [Int64] = []
        milliseconds.reserveCapacity(count)
        for row in 0..<count { milliseconds.append(try reader.signed() &+ Self.milliseconds(rows.timestamp[row])) }
        rows.id.reserveCapacity(count)
        for row in 0..<count {
            let high = UInt64(truncatingIfNeeded: milliseconds[row]) << 16 | (try reader.word())
            rows.id.append(UUIDv7(high: high, low: 0))
        }
        for row in 0..<count { rows.id[row].low = try reader.fixed() }
        rows.latency = try reader.latencies(count)
        rows.status = try reader.runs(count, upTo: 255) { value throws(PackingError) in
            guard let status = MeasurementStatus(rawValue: UInt8(value)) else { throw Self.damaged }
            return status
        }
        rows.reason = try reader.runs(count, upTo: 255) { value throws(PackingError) in
            guard let reason = FailureReason(rawValue: UInt8(value)) else { throw Self.damaged }
            return reason
        }
        rows.sent = try reader.runs(count) { number throws(PackingError) in number }
        rows.received = try reader.runs(count) { number throws(PackingError) in number }
        guard reader.isAtEnd else { throw Self.damaged }
        return rows
    }

    private static let damaged = PackingError(.malformed, "stored rows are damaged")

    private static func milliseconds(_ timestamp: Int64) -> Int64 { timestamp / 1_000 }
}

extension PackedWriter {
    fileprivate mutating func times(_ times: [Int64]) {
        var (last, distance): (Int64, Int64) = (0, 0)
        for time in times {
            let next = time &- last
            signed(next &- distance)
            (last, distance) = (time, next)
        }
    }
}

extension PackedReader {
    fileprivate mutating func times(_ count: Int) throws(PackingError) -> [Int64] {
        var (last, distance): (Int64, Int64) = (0, 0)
        var times: [Int64] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            distance = distance &+ (try signed())
            last = last &+ distance
            times.append(last)
        }
        return times
    }
}
