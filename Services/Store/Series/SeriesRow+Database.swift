import Contracts
import Database
import JSON

extension SeriesRow {
    static let columns: SQL = "timestamp, id, latency, status, reason, metadata"

    /// Reads `columns`.
    init(_ row: any DatabaseRow) throws {
        guard let id = row.withBytes(1, UUIDv7.init(bytes:)),
            let status = UInt8(exactly: try row.integer(3)).flatMap(MeasurementStatus.init),
            let reason = UInt8(exactly: try row.integer(4)).flatMap(FailureReason.init)
        else { throw DatabaseError(.corrupt, "a row of measurement cannot be read") }
        self.init(
            timestamp: try row.integer(0),
            id: id,
            latency: try row[2],
            status: status,
            reason: reason,
            metadata: row.isNull(5) ? Array("null".utf8) : row.withBytes(5) { bytes in Array(bytes) }
        )
    }

    /// The row as the API shows it.
    func measurement(of series: SeriesKey) -> Measurement {
        Measurement(
            id: Identifier(rawValue: id.description),
            timestamp: Timestamp(microseconds: timestamp),
            target: series.series.target,
            type: series.series.type.rawValue,
            latencyMilliseconds: latency,
            status: status.name,
            metadata: (try? JSONValue(json: metadata)) ?? .null,
            origin: series.origin,
            targetID: series.series.targetID,
            checkID: series.series.checkID,
            agentID: series.agentID,
            reason: reason.name
        )
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
