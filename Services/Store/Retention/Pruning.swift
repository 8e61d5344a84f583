import Contracts
import Database
import Observability

/// Removes rows and events that are older than they are to be kept, a little at a time so that writers need not wait.
struct Pruning: Sendable {
    /// Rows that one transaction removes.
    private static let rowsAtOnce = 5_000
    private static let eventsAtOnce = 200

    let database: any Database
    let settings: RetentionSettings
    let series: SeriesTable
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            do {
                let removed = try await pruneOnce()
                if removed > 0 { log.info("removed old measurements", ["rows": "\(removed)"]) }
            } catch let error as DatabaseError {
                log.warning("cannot remove old measurements", ["error": "\(error)"])
            }
            try await clock.sleep(for: settings.interval)
        }
    }

    /// Returns the number of rows that are gone.
    func pruneOnce() async throws -> Int {
        let now = now()
        while try await removeEvents(before: now.advanced(by: .zero - settings.events).microseconds) > 0 {}
        let cutoff = now.advanced(by: .zero - settings.rows).microseconds
        series.forget(before: cutoff)
        var total = 0
        for number in 1..<series.count + 1 {
            while case let removed = try await removeRows(of: number, before: cutoff), removed > 0 {
                total += removed
            }
        }
        return total
    }

    private func removeRows(of series: Int, before cutoff: Int64) async throws -> Int {
        // Looked for by the reader: most of the time there is nothing to be removed.
        let end = try await database.read { connection -> Int64? in
            let oldest: Int64? =
                try connection.value(
                    "SELECT min(timestamp) FROM measurement WHERE series = \(series)",
                    as: Int64?.self
                ) ?? nil
            guard let oldest, oldest < cutoff else { return nil }
            let end: Int64? = try connection.value(
                """
                SELECT timestamp FROM measurement WHERE series = \(series) AND timestamp < \(cutoff)
                ORDER BY timestamp LIMIT 1 OFFSET \(Self.rowsAtOnce)
                """
            )
            return end.map { max($0, oldest + 1) } ?? cutoff
        }
        guard let end else { return 0 }
        return try await database.write { connection in
            try connection.execute("DELETE FROM measurement WHERE series = \(series) AND timestamp < \(end)")
        }
    }

    /// The newest event stays, since its cursor is where the next one goes on.
    private func removeEvents(before cutoff: Int64) async throws -> Int {
        let old: SQL = """
            SELECT cursor FROM event WHERE created_at < \(cutoff) AND cursor < (SELECT max(cursor) FROM event)
            ORDER BY cursor LIMIT \(Self.eventsAtOnce)
            """
        guard try await database.read({ try $0.value(old, as: Int.self) }) != nil else { return 0 }
        return try await database.write { try $0.execute("DELETE FROM event WHERE cursor IN (\(old))") }
    }
}
