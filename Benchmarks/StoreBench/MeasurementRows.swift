public import Contracts
import Foundation

/// Rows of one agent that watches 200 targets, in the order of time, cut into batches as the agent sends them.
public struct MeasurementRows: Sendable {
    private static let series = 200

    public let batches: [MeasurementBatch]
    public let count: Int

    public init(count: Int, batch size: Int) {
        let series = (0..<Self.series).map { index in
            MeasurementSeries(checkID: .make(), targetID: .make(), target: "edge-\(index).example.net", type: .icmp)
        }
        let agent = AgentID.make()
        let start = Timestamp.now.advanced(by: .seconds(-3_600)).microseconds
        var ids = UUIDv7Generator(SystemRandomNumberGenerator())
        batches = stride(from: 0, to: count, by: size).map { first in
            var columns = MeasurementColumns()
            for row in first..<min(first + size, count) {
                let timestamp = start + Int64(row) * 1_009
                let isFailure = row % 50 == 0
                columns.append(
                    MeasurementRow(
                        id: ids.next(milliseconds: UInt64(timestamp / 1_000)),
                        timestamp: Timestamp(microseconds: timestamp),
                        latency: isFailure ? nil : Double(100 + (row &* 7_919) % 249_900) / 1_000,
                        status: isFailure ? .timeout : .success,
                        reason: isFailure ? .timeout : .none,
                        metadata: Array(#"{"ttl":57,"source":"kernel","sequence":\#(row % 65_536)}"#.utf8)
                    ),
                    series: row % Self.series
                )
            }
            return MeasurementBatch(agentID: agent, origin: "agent-1", series: series, columns: columns)
        }
        self.count = count
    }

    /// Series, milliseconds and numbers of the same rows, for what keeps only those.
    public func numbersCSV() -> String {
        var text = ""
        text.reserveCapacity(count * 32)
        for batch in batches {
            let columns = batch.columns
            for row in 0..<columns.count {
                let latency = columns.latency[row].isNaN ? "" : "\(columns.latency[row])"
                text += "\(columns.series[row]),\(columns.timestamp[row] / 1_000),\(latency),"
                text += "\(columns.status[row].rawValue),\(columns.reason[row].rawValue)\n"
            }
        }
        return text
    }

    /// The same rows for `sqlite3 .import` and `psql \copy`.
    public func csv() -> String {
        var text = ""
        text.reserveCapacity(count * 140)
        for batch in batches {
            let columns = batch.columns
            for row in 0..<columns.count {
                let latency = columns.latency[row].isNaN ? "" : "\(columns.latency[row])"
                let metadata = String(decoding: columns.metadata(row), as: UTF8.self).replacing("\"", with: "\"\"")
                text += "\(columns.series[row]),\(columns.timestamp[row]),\(columns.id[row]),\(latency),"
                text += "\(columns.status[row].rawValue),\(columns.reason[row].rawValue),\"\(metadata)\"\n"
            }
        }
        return text
    }
}
