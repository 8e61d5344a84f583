import Contracts
import Database

/// The same rows in a table as one would make it, with an index, and the questions in plain SQL.
struct PlainTable: Sendable {
    private static let rowsAtOnce = 50_000

    let database: SQLiteDatabase

    static func open(_ path: String, _ rows: MonthOfRows) async throws -> PlainTable {
        let database = try await SQLiteDatabase.open(
            path,
            SQLiteSettings(durability: .normal, cacheKibibytes: 65_536, checkpointPages: 16_000)
        )
        _ = try await database.write { connection in
            try connection.execute(
                """
                CREATE TABLE measurement (id BLOB, timestamp INTEGER, target TEXT, type TEXT, latency_ms REAL, status TEXT,
                    metadata TEXT, origin TEXT)
                """
            )
        }
        for start in stride(from: 0, to: rows.count, by: rowsAtOnce) {
            _ = try await database.write { connection in
                try connection.insert(
                    into: MonthOfRows.table,
                    rows: min(rowsAtOnce, rows.count - start),
                    skippingDuplicates: false
                ) { writer, index in rows.write(start + index, to: writer) }
            }
        }
        _ = try await database.write { connection in
            try connection.execute("CREATE INDEX measurement_by_target ON measurement (target, timestamp)")
        }
        return PlainTable(database: database)
    }

    /// A target's span in steps, by kind and vantage; returns how many there are.
    func series(_ target: String, from: Int64, to: Int64, step: Int64) async throws -> Int {
        try await database.read { connection in
            try connection.rows(
                """
                SELECT timestamp / \(step), count(*), sum(status <> 'success'), min(latency_ms), avg(latency_ms),
                    max(latency_ms) FROM measurement
                WHERE target = \(target) AND timestamp >= \(from) AND timestamp < \(to) GROUP BY 1, type, origin
                """
            ) { row in try row.integer(1) }.count
        }
    }

    /// A target's span in steps and in 30 ranges of latency that grow by one factor; returns how many have rows.
    func heatmap(_ target: String, from: Int64, to: Int64, step: Int64) async throws -> Int {
        try await database.read { connection in
            try connection.rows(
                """
                WITH span AS (SELECT timestamp / \(step) AS step, latency_ms, status FROM measurement
                        WHERE target = \(target) AND timestamp >= \(from) AND timestamp < \(to)),
                    bounds AS (SELECT ln(min(latency_ms)) AS least, ln(max(latency_ms)) AS most FROM span)
                SELECT step, CAST(30 * (ln(latency_ms) - least) / (most - least) AS INTEGER), count(*),
                    sum(status <> 'success') FROM span, bounds GROUP BY 1, 2
                """
            ) { row in try row.integer(2) }.count
        }
    }

    /// All targets in steps.
    func matrix(from: Int64, to: Int64, step: Int64) async throws -> Int {
        try await database.read { connection in
            try connection.rows(
                """
                SELECT target, timestamp / \(step), count(*), sum(status <> 'success'), avg(latency_ms), max(latency_ms)
                FROM measurement WHERE timestamp >= \(from) AND timestamp < \(to) GROUP BY 1, 2
                """
            ) { row in try row.integer(2) }.count
        }
    }
}
