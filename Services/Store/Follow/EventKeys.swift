import Contracts
import Database

/// Where the rows of an event are: the log names rows, it does not repeat them.
///
/// As bytes, one row after another: the series' number and the time since the row before, both as variable-length
/// integers (LEB128, the time zigzag), and the identifier's sixteen bytes.
struct EventKeys: Equatable, Sendable {
    struct Key: Equatable, Sendable {
        var series: Int
        var timestamp: Int64
        var id: UUIDv7
    }

    private(set) var bytes: [UInt8] = []
    private var last: Int64 = 0

    init(capacity rows: Int) { bytes.reserveCapacity(rows * 22) }

    mutating func append(series: Int, timestamp: Int64, id: UUIDv7) {
        append(UInt64(series))
        let delta = timestamp - last
        append(UInt64(bitPattern: delta << 1 ^ delta >> 63))
        last = timestamp
        for word in [id.high, id.low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Reads what `bytes` holds; throws `.corrupt` when `append` did not write it.
    static func decode(_ bytes: [UInt8]) throws(DatabaseError) -> [Key] {
        var rest = bytes[...]
        var keys: [Key] = []
        var timestamp: Int64 = 0
        while !rest.isEmpty {
            guard let series = number(&rest), let delta = number(&rest), rest.count >= 16, series < 1 << 32 else {
                throw DatabaseError(.corrupt, "an event cannot be read")
            }
            timestamp &+= Int64(bitPattern: delta >> 1) ^ -Int64(bitPattern: delta & 1)
            let words = [rest.prefix(8), rest.dropFirst(8).prefix(8)].map { half in
                half.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            rest = rest.dropFirst(16)
            keys.append(Key(series: Int(series), timestamp: timestamp, id: UUIDv7(high: words[0], low: words[1])))
        }
        return keys
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
