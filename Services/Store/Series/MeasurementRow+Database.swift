import Contracts
import Database
import JSON

extension MeasurementRow {
    static let columns: SQL = "timestamp, id, latency, status, reason, metadata, sent, received"

    /// Reads `columns`.
    init(_ row: any DatabaseRow) throws {
        guard let id = row.withBytes(1, UUIDv7.init(bytes:)),
            let status = UInt8(exactly: try row.integer(3)).flatMap(MeasurementStatus.init),
            let reason = UInt8(exactly: try row.integer(4)).flatMap(FailureReason.init)
        else { throw DatabaseError(.corrupt, "a row of measurement cannot be read") }
        self.init(
            id: id,
            timestamp: Timestamp(microseconds: try row.integer(0)),
            latency: try row[2],
            status: status,
            reason: reason,
            sent: try row[6],
            received: try row[7],
            metadata: row.isNull(5) ? Array("null".utf8) : row.withBytes(5) { bytes in Array(bytes) }
        )
    }

    /// The row as the API shows it.
    func measurement(of key: SeriesKey) -> Measurement {
        Measurement(self, of: key.series, by: key.agentID, origin: key.origin)
    }
}

extension UUIDv7 {
    /// Sixteen bytes in network order, which sort as UUIDs do.
    init?(bytes: RawSpan) {
        guard bytes.byteCount == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            words.0 = words.0 << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            words.1 = words.1 << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index + 8, as: UInt8.self))
        }
        self.init(high: words.0, low: words.1)
    }

    /// The same bytes, as two words.
    var words: [2 of UInt64] { [high.bigEndian, low.bigEndian] }

    var bytes: [UInt8] { unsafe [UInt8](words.span.bytes) }
}

extension [UInt8] {
    init(_ bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
