import Contracts
import Database
import Observability

/// Removes rows and events that are older than they are to be kept, a little at a time so that writers need not wait.
struct Pruning: Sendable {
    /// Rows that one transaction removes.
    private static let rowsAtOnce = 5_000
    private static let eventsAtOnce = 200
    private static let seriesAtOnce = 1_000

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
        try await removeGaps(before: cutoff)
        series.forget(before: cutoff)
        var total = 0
        for first in stride(from: 1, through: series.count, by: Self.seriesAtOnce) {
            let numbers = first..<min(first + Self.seriesAtOnce, series.count + 1)
            for number in try await expired(numbers, before: cutoff) {
                while case let removed = try await removeRows(of: number, before: cutoff), removed > 0 {
                    total += removed
                }
            }
        }
        return total
    }

    /// The series with rows that are to go: most of the time none.
    private func expired(_ series: Range<Int>, before cutoff: Int64) async throws -> [Int] {
        try await database.read { connection in
            try series.filter { number in
                let row: SQL = "SELECT 1 FROM measurement WHERE series = \(number) AND timestamp < \(cutoff) LIMIT 1"
                return try connection.value(row, as: Int.self) != nil
            }
        }
    }

    private func removeRows(of series: Int, before cutoff: Int64) async throws -> Int {
        try await database.write { connection in
            let end: Int64? = try connection.value(
                """
                SELECT timestamp FROM measurement WHERE series = \(series) AND timestamp < \(cutoff)
                ORDER BY timestamp LIMIT 1 OFFSET \(Self.rowsAtOnce)
                """
            )
            // Rows of one time go together, so that each step removes some.
            let last = end ?? cutoff - 1
            return try connection.execute("DELETE FROM measurement WHERE series = \(series) AND timestamp <= \(last)")
        }
    }

    private func removeGaps(before cutoff: Int64) async throws {
        let old: SQL = "SELECT 1 FROM gap WHERE ended_at < \(cutoff) LIMIT 1"
        guard try await database.read({ try $0.value(old, as: Int.self) }) != nil else { return }
        _ = try await database.write { try $0.execute("DELETE FROM gap WHERE ended_at < \(cutoff)") }
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
