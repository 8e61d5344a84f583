import Contracts
import Database

/// A month of measurements of many targets at an even pace, made piece by piece: row `n` is of target `n % targets`.
struct MonthOfRows: Sendable {
    static let targets = 1_000
    static let days: Int64 = 30
    static let table = InsertTarget(
        "measurement",
        ["id", "timestamp", "target", "type", "latency_ms", "status", "metadata", "origin"]
    )

    let count: Int
    let start: Int64
    let series: [MeasurementSeries]
    private let agent = AgentID.make()
    /// Microseconds between two rows of one target.
    private let interval: Int64

    init(count: Int, end: Timestamp) {
        self.count = count
        start = end.microseconds - Self.days * 86_400_000_000
        interval = Self.days * 86_400_000_000 / Int64(count / Self.targets)
        let milliseconds = Int(interval / 1_000)
        series = (0..<Self.targets).map { number in
            MeasurementSeries(
                checkID: .make(),
                targetID: .make(),
                target: "edge-\(number).example.net",
                type: .icmp,
                intervalMilliseconds: milliseconds
            )
        }
    }

    func timestamp(_ row: Int) -> Int64 {
        start + Int64(row / Self.targets) * interval + Int64(row % Self.targets) * (interval / Int64(Self.targets))
    }

    func isFailure(_ row: Int) -> Bool { mixed(row) % 50 == 0 }

    /// Milliseconds, with a long tail.
    func latency(_ row: Int) -> Double? {
        guard !isFailure(row) else { return nil }
        let chance = Double(mixed(row) >> 40) / Double(1 << 24)
        return (5_000 + 20_000 * chance / (1.02 - chance)).rounded() / 1_000
    }

    func id(_ row: Int) -> UUIDv7 {
        UUIDv7(high: UInt64(timestamp(row) / 1_000) << 16 | 0x7000, low: 1 << 63 | mixed(row &+ 1 << 40) >> 2)
    }

    func metadata(_ row: Int) -> String {
        #"{"address":"10.0.\#(row % Self.targets / 250).\#(row % 250)","payload_bytes":56,"time_source":"kernel"}"#
    }

    func batch(_ range: Range<Int>) -> MeasurementBatch {
        var columns = MeasurementColumns()
        for row in range {
            columns.append(
                MeasurementRow(
                    id: id(row),
                    timestamp: Timestamp(microseconds: timestamp(row)),
                    latency: latency(row),
                    status: isFailure(row) ? .timeout : .success,
                    reason: isFailure(row) ? .timeout : .none,
                    metadata: Array(metadata(row).utf8)
                ),
                series: row % Self.targets
            )
        }
        return MeasurementBatch(agentID: agent, origin: "agent-1", series: series, columns: columns)
    }

    /// The canonical row.
    func write(_ row: Int, to writer: any RowWriter) {
        let id = id(row)
        writer.blob(
            [id.high, id.low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        )
        writer.integer(timestamp(row))
        writer.text(series[row % Self.targets].target)
        writer.text("icmp")
        writer.real(latency(row))
        writer.text(isFailure(row) ? "timeout" : "success")
        writer.text(metadata(row))
        writer.text("agent-1")
    }

    /// SplitMix64.
    private func mixed(_ row: Int) -> UInt64 {
        var z = UInt64(bitPattern: Int64(row)) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
