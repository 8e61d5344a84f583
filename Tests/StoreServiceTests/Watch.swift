import Contracts
import JSON
import JSONRPC
import ServiceTesting

/// An agent that watches some targets, and makes rows of what it would have seen.
struct Watch: Sendable {
    let agentID = AgentID.make()
    var series: [MeasurementSeries]
    var origin = "agent-1"

    init(targets: Int = 1) {
        series = (0..<targets).map { number in
            MeasurementSeries(checkID: .make(), targetID: .make(), target: "target \(number)", type: .icmp)
        }
    }

    /// Says that the first target is the editor's and the second one the stranger's.
    var ownersOfTwo: RPCClient {
        let (mine, theirs) = (series[0].checkID, series[1].checkID)
        return checkOwners { check in
            switch check.checkID {
            case mine: Person.editor.tenant
            case theirs: Person.stranger.tenant
            default: nil
            }
        }
    }

    /// Rows at the given times, of one series after another; a latency of `nil` is a timeout.
    func batch(_ rows: [(time: Timestamp, latency: Double?)], metadata: String = "{}") -> MeasurementBatch {
        var columns = MeasurementColumns()
        for (index, row) in rows.enumerated() {
            columns.append(
                MeasurementRow(
                    id: .make(),
                    timestamp: row.time,
                    latency: row.latency,
                    status: row.latency == nil ? .timeout : .success,
                    reason: row.latency == nil ? .timeout : .none,
                    metadata: Array(metadata.utf8)
                ),
                series: index % series.count
            )
        }
        return MeasurementBatch(agentID: agentID, origin: origin, series: series, columns: columns)
    }

    /// `count` successes, a second apart, the last of them a second before `end`.
    func batch(_ count: Int, before end: Timestamp) -> MeasurementBatch {
        batch((0..<count).map { (end.advanced(by: .seconds($0 - count)), Double($0 + 1)) })
    }
}

extension MeasurementBatch {
    var ids: [UUIDv7] { columns.id }

    var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}
