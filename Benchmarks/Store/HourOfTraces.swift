import Contracts
import Database

/// An hour of traces of one target over twelve hops, one every 2.5 s.
struct HourOfTraces: Sendable {
    static let hops = 12
    static let count = 1_440

    let series = MeasurementSeries(
        checkID: .make(),
        targetID: .make(),
        target: "far.example.net",
        type: .trace,
        intervalMilliseconds: 2_500
    )
    let end: Timestamp
    private let agent = AgentID.make()

    private func time(_ trace: Int) -> Timestamp { end.advanced(by: .milliseconds(2_500 * (trace - Self.count))) }

    private func latency(_ trace: Int, _ hop: Int) -> Double {
        Double(hop) + Double((trace * 31 + hop * 7) % 100) / 100
    }

    var batch: MeasurementBatch {
        var columns = MeasurementColumns()
        for trace in 0..<Self.count {
            func column(_ text: (Int) -> String) -> String { (1...Self.hops).map(text).joined(separator: ",") }
            let metadata = """
                {"mode":"udp","hops":{"address":[\(column { #""10.0.\#($0).1""# })],"sent":[\(column { _ in "1" })],\
                "received":[\(column { _ in "1" })],"avg_ms":[\(column { "\(latency(trace, $0))" })]},\
                "flows":{"hops":[\(Self.hops)],"ending":["reached"],"path":["956e3ada2f1b7c40$"]}}
                """
            columns.append(
                MeasurementRow(
                    id: .make(),
                    timestamp: time(trace),
                    latency: latency(trace, Self.hops),
                    status: .success,
                    reason: .none,
                    metadata: Array(metadata.utf8)
                ),
                series: 0
            )
        }
        return MeasurementBatch(agentID: agent, origin: "agent-1", series: [series], columns: columns)
    }

    /// The same as rows of a table, one for each hop of each trace.
    func insert(into database: any Database) async throws {
        _ = try await database.write { connection in
            try connection.execute(
                """
                CREATE TABLE sample (target TEXT, timestamp INTEGER, hop INTEGER, address TEXT, sent INTEGER,
                    received INTEGER, latency_ms REAL)
                """
            )
            for trace in 0..<Self.count {
                for hop in 1...Self.hops {
                    try connection.execute(
                        """
                        INSERT INTO sample VALUES (\(series.target), \(time(trace).microseconds), \(hop),
                            \("10.0.\(hop).1"), 1, 1, \(latency(trace, hop)))
                        """
                    )
                }
            }
            try connection.execute("CREATE INDEX sample_by_target ON sample (target, timestamp)")
        }
    }

    /// The hops in steps, by plain SQL; returns how many lines there are.
    func plain(_ database: any Database, step: Int64) async throws -> Int {
        try await database.read { connection in
            try connection.rows(
                """
                SELECT hop, timestamp / \(step), sum(sent), sum(received), min(latency_ms), avg(latency_ms), max(latency_ms)
                FROM sample WHERE target = \(series.target) AND timestamp >= \(end.microseconds - 3_600_000_000)
                    AND timestamp < \(end.microseconds) GROUP BY 1, 2
                """
            ) { row in try row.integer(0) }.count
        }
    }
}
