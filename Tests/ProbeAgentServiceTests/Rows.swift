import Contracts

@testable import ProbeAgentService

/// Makes measurements that can be told apart.
enum Rows {
    static let agent = AgentID(rawValue: "01900000-0000-7000-8000-0000000000aa")

    static func series(_ number: Int) -> MeasurementSeries {
        MeasurementSeries(
            checkID: CheckID(rawValue: UUIDv7(high: 0x7000, low: 1 << 63 | UInt64(number)).description),
            targetID: TargetID(rawValue: UUIDv7(high: 0x7000, low: 1 << 63).description),
            target: "target \(number)",
            type: .icmp,
            endpoint: number == 2 ? "ipv6" : ""
        )
    }

    /// A second after the one before.
    static func row(_ number: Int, metadata: String = "{}") -> MeasurementRow {
        MeasurementRow(
            id: UUIDv7(high: 0x7000, low: 1 << 63 | UInt64(number)),
            timestamp: time(number),
            latency: number % 7 == 0 ? nil : Double(number) / 8,
            status: number % 7 == 0 ? .timeout : .success,
            reason: number % 7 == 0 ? .timeout : .none,
            sent: 10,
            received: number % 7 == 0 ? 0 : 10,
            metadata: Array(metadata.utf8)
        )
    }

    static func time(_ number: Int) -> Timestamp {
        Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number) * 1_000_000)
    }

    /// Rows of three checks in turns.
    static func batch(_ numbers: Range<Int>, metadata: String = "{}") -> MeasurementBatch {
        var batch = MeasurementBatch(
            agentID: agent,
            origin: "node",
            series: (0..<3).map(series),
            columns: MeasurementColumns()
        )
        for number in numbers { batch.columns.append(row(number, metadata: metadata), series: number % 3) }
        return batch
    }

    /// The numbers of the rows of a batch.
    static func numbers(_ batch: MeasurementBatch?) -> [Int] {
        batch?.columns.id.map { Int($0.low & 0xffff_ffff) } ?? []
    }
}
