import Database

/// Measurements of 200 series that arrive interleaved, in the order of time.
struct MeasurementRows: Sendable {
    static let series = 200
    static let table = InsertTarget("measurement", ["series", "ts", "id", "latency", "status", "reason", "metadata"])

    static let migrations = [
        Migration(
            1,
            "measurements",
            [
                """
                CREATE TABLE measurement (
                    series INTEGER NOT NULL, ts INTEGER NOT NULL, id BLOB NOT NULL, latency REAL,
                    status INTEGER NOT NULL, reason INTEGER, metadata TEXT,
                    PRIMARY KEY (series, ts, id)) WITHOUT ROWID
                """
            ]
        )
    ]

    let timestamps: [Int]
    let ids: [[UInt8]]
    let latencies: [Double]
    let metadata: [String]

    var count: Int { timestamps.count }

    init(count: Int) {
        timestamps = (0..<count).map { 1_763_600_000_000_000 + $0 * 1_009 }
        ids = zip(0..., timestamps).map(Self.id)
        latencies = (0..<count).map { Double(100 + ($0 &* 7_919) % 249_900) / 1_000 }
        metadata = (0..<count).map { "{\"ttl\":57,\"code\":200,\"region\":\"eu-west-\($0 % 3)\"}" }
    }

    func isFailure(_ row: Int) -> Bool { row % 50 == 0 }

    /// A UUIDv7: its first bytes are the time, so ids of one series are in order.
    private static func id(row: Int, timestamp: Int) -> [UInt8] {
        let random = UInt64(row) &* 0x9E37_79B9_7F4A_7C15
        let (high, low) = (UInt64(timestamp / 1_000) << 16 | 0x7000 | random >> 52, random | 1 << 63)
        return [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
    }

    func write(_ row: Int, to writer: any RowWriter) {
        writer.integer(row % Self.series)
        writer.integer(timestamps[row])
        writer.blob(ids[row])
        writer.real(latencies[row])
        writer.integer(isFailure(row) ? 1 : 0)
        writer.null()
        writer.text(metadata[row])
    }

    /// The rows as people and other programs write them, eight texts each.
    func csv() -> String {
        var text = ""
        text.reserveCapacity(count * 160)
        for row in 0..<count {
            let digits = ids[row].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            let uuid = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
            let metadata = metadata[row].replacing("\"", with: "\"\"")
            text += "\(uuid),\(timestamps[row]),edge-\(row % 97).example.net,icmp,\(latencies[row]),"
            text += "\(isFailure(row) ? "timeout" : "success"),\"\(metadata)\",agent-\(row % Self.series)\n"
        }
        return text
    }
}
