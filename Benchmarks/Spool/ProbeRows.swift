import Contracts

/// Results of 1,000 checks that come in turns, as they are when each runs every ten seconds.
struct ProbeRows: Sendable {
    let agent = AgentID.make()
    let series: [MeasurementSeries] = (0..<1_000).map { number in
        MeasurementSeries(checkID: .make(), targetID: .make(), target: "host-\(number).example.net", type: .icmp)
    }
    let rows: [MeasurementRow]
    /// Identifiers and metadata as a database takes them.
    let ids: [[UInt8]]
    let texts: [String]

    init(_ count: Int) {
        rows = (0..<count).map(Self.row)
        ids = rows.map { row in
            [row.id.high, row.id.low].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
            }
        }
        texts = rows.map { String(decoding: $0.metadata, as: UTF8.self) }
    }

    private static func row(_ number: Int) -> MeasurementRow {
        let isFailure = number % 50 == 0
        let latency = Double(100 + number &* 7_919 % 249_900) / 1_000
        return MeasurementRow(
            id: .make(),
            timestamp: Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number) * 10_000),
            latency: isFailure ? nil : latency,
            status: isFailure ? .timeout : .success,
            reason: isFailure ? .timeout : .none,
            metadata: Array(#"{"ttl":57,"code":200,"address":"192.0.2.\#(number % 256)","family":"ipv4"}"#.utf8)
        )
    }
}
