import Configuration
import Contracts
import Database
import Observability
import ProbeAgentService

/// Something that keeps rows on disk in the order in which they come.
protocol Queue: Sendable {
    /// Returns when the rows are as safe as was asked for.
    func append(_ rows: Range<Int>, of source: ProbeRows) async throws
    func close() async throws
}

/// Ours.
struct SpoolQueue: Queue {
    let spool: Spool

    init(_ path: String, _ durability: SpoolSettings.Durability) async throws {
        let values = ["PROBE_AGENT_DATA": path, "PROBE_AGENT_DURABILITY": durability.rawValue]
        spool = try await Spool.open(
            try SpoolSettings(from: Environment(values)),
            origin: "bench",
            log: Log(label: "bench"),
            metrics: Metrics()
        )
    }

    func append(_ rows: Range<Int>, of source: ProbeRows) async throws {
        for row in rows { spool.append(source.rows[row], of: source.series[row % 1_000], by: source.agent) }
        try await spool.flush()
    }

    /// Reads everything back, and acknowledges it; returns how many rows there were.
    func drain(_ step: () -> Void) async throws -> Int {
        var count = 0
        while spool.waiting > 0 {
            let batch = try await spool.next(.backlog)
            count += batch.batch.count
            await spool.settle(batch)
            step()
        }
        return count
    }

    func close() async throws { await spool.close() }
}

/// The peer: a table of SQLite with a write-ahead log, in which a number stands for the series.
struct SQLiteQueue: Queue {
    private static let table = InsertTarget(
        "queue",
        ["number", "series", "timestamp", "id", "latency", "status", "reason", "sent", "received", "metadata"]
    )

    private let database: SQLiteDatabase

    init(_ path: String, _ durability: SQLiteSettings.Durability) async throws {
        database = try await SQLiteDatabase.open(path, SQLiteSettings(durability: durability))
        let columns: SQL = """
            CREATE TABLE queue (
                number INTEGER PRIMARY KEY, series INTEGER NOT NULL, timestamp INTEGER NOT NULL, id BLOB NOT NULL,
                latency REAL, status INTEGER NOT NULL, reason INTEGER NOT NULL, sent INTEGER NOT NULL,
                received INTEGER NOT NULL, metadata TEXT NOT NULL)
            """
        try await database.write { _ = try $0.execute(columns) }
    }

    func append(_ rows: Range<Int>, of source: ProbeRows) async throws {
        _ = try await database.write { connection in
            try connection.insert(into: Self.table, rows: rows.count, skippingDuplicates: false) { writer, index in
                let number = rows.lowerBound + index
                let row = source.rows[number]
                writer.integer(number)
                writer.integer(number % 1_000)
                writer.integer(row.timestamp.microseconds)
                writer.blob(source.ids[number])
                if let latency = row.latency { writer.real(latency) } else { writer.null() }
                writer.integer(Int(row.status.rawValue))
                writer.integer(Int(row.reason.rawValue))
                writer.integer(row.sent)
                writer.integer(row.received)
                writer.text(source.texts[number])
            }
        }
    }

    func close() async throws { await database.close() }
}
