import Contracts
import Database
import DatabaseCalls
import Observability

/// Removes what is older than it is to be kept, a little at a time so that writers need not wait: rows day by day, of
/// which minutes are left, then those, and hours and days; of all tenants first, then what single ones keep for a
/// shorter time.
struct Pruning: Sendable {
    /// Rows that one transaction makes minutes of, about.
    private static let rowsAtOnce = 10_000
    private static let eventsAtOnce = 200
    private static let seriesAtOnce = 100

    let database: any Database
    let settings: RetentionSettings
    let replica: Replica
    let forgetting: Forgetting
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    /// What is to be gone: of all tenants, and of those that have something kept for a shorter time.
    private struct Expiry: Equatable {
        var all: ExpiredDays
        var tenants: [TenantID: ExpiredDays]
    }

    /// Runs until it is cancelled.
    func run() async throws {
        var last: Expiry?
        while true {
            do {
                let now = now()
                try await database.addPartitions(around: now)
                try await removeEvents(before: now.advanced(by: .zero - settings.events).microseconds)
                try await forgetting.cleanUp()
                let rules = replica.retention.rules
                let expiry = Expiry(all: settings.expiredDays(at: now), tenants: rules.expiredDays(at: now))
                if expiry != last { try await prune(expiry, at: now) }
                last = expiry
            } catch let error as DatabaseError {
                log.warning("cannot remove old measurements", ["error": "\(error)"])
            }
            try await clock.sleep(for: settings.interval)
        }
    }

    private func prune(_ expiry: Expiry, at now: Timestamp) async throws {
        let all = expiry.all
        replica.series.forget { tenant in (expiry.tenants[tenant] ?? all).end(\.rows) }
        var total = 0
        while case let rows = try await summarizeRows(upTo: all.rows), rows > 0 { total += rows }
        try await database.dropPartitions(upTo: all.rows)
        try await removeGaps(before: now.advanced(by: .zero - settings.rows).microseconds)
        while try await removeMinutes(upTo: all.minutes) > 0 {}
        for (tenant, series) in replica.series.numbers {
            let pruning = TenantPruning(database: database, tenant: tenant, series: series)
            let expired = expiry.tenants[tenant] ?? all
            if expired.rows > all.rows {
                let (rows, damaged) = try await pruning.summarizeRows(upTo: expired.rows)
                total += rows
                logDamage(damaged)
            }
            if expired.minutes > all.minutes { try await pruning.removeMinutes(upTo: expired.minutes) }
            try await pruning.removeRollups(expired)
            try await pruning.removeRoutes(before: expired.end(\.days))
            if try await pruning.removeEvents(before: expired.end(\.rows)) { replica.events.forgetTail() }
        }
        if total > 0 { log.info("removed old measurements", ["rows": "\(total)"]) }
    }

    /// Makes minutes of the rows of some series on the first day there is, up to `last`; returns how many rows went.
    private func summarizeRows(upTo last: Int64) async throws -> Int {
        let (rows, damaged) = try await database.write(as: .every) { connection in
            try connection.take(.chunks)
            let oldest: Int64? = try connection.value("SELECT min(day) FROM chunk", as: Int64?.self) ?? nil
            guard let day = oldest, day <= last else { return (0, 0) }
            let series = try connection.rows(
                "SELECT series, sum(rows) FROM chunk WHERE day = \(day) GROUP BY series ORDER BY series"
            ) { row in (number: try row[0] as Int, rows: try row[1] as Int) }
            let packer = RowPacker(level: 3)
            var (total, damaged) = (0, 0)
            for (number, rows) in series where total == 0 || total + rows <= Self.rowsAtOnce {
                damaged += try connection.summarize(number, on: day, packer)
                total += rows
            }
            return (total, damaged)
        }
        logDamage(damaged)
        return rows
    }

    private func logDamage(_ chunks: Int) {
        guard chunks > 0 else { return }
        log.error("removed old chunks that cannot be read", ["chunks": "\(chunks)"])
    }

    private func removeGaps(before cutoff: Int64) async throws {
        _ = try await database.write(as: .every) { try $0.execute("DELETE FROM gap WHERE ended_at < \(cutoff)") }
    }

    private func removeMinutes(upTo day: Int64) async throws -> Int {
        try await database.write(as: .every) { connection in
            try connection.execute(
                """
                DELETE FROM minutes WHERE (day, series) IN
                    (SELECT day, series FROM minutes WHERE day <= \(day) LIMIT \(Self.seriesAtOnce))
                """
            )
        }
    }

    /// Those that are in chunks; of each tenant the newest stays, since its number is where the next one goes on.
    private func removeEvents(before cutoff: Int64) async throws {
        while true {
            let oldest = try await database.read(as: .every) { connection in
                try connection.rows(
                    """
                    SELECT cursor, created_at FROM event
                    WHERE cursor <= (SELECT cursor FROM flushed) AND \(SQL.isNotNewestEvent)
                    ORDER BY cursor LIMIT \(Self.eventsAtOnce)
                    """
                ) { row in (cursor: try row[0] as Int, createdAt: try row[1] as Int64) }
            }
            guard let last = oldest.prefix(while: { $0.createdAt < cutoff }).last else { return }
            _ = try await database.write(as: .every) { connection in
                try connection.execute("DELETE FROM event WHERE cursor <= \(last.cursor) AND \(SQL.isNotNewestEvent)")
                try connection.execute(.savePruned(last.cursor, of: .every))
            }
        }
    }
}

extension DatabaseConnection {
    /// Puts minutes in the place of the rows of a series and a day; returns how much could not be read.
    ///
    /// They go like the others, or nothing that comes after them would ever be removed.
    func summarize(_ series: Int, on day: Int64, _ packer: RowPacker) throws -> Int {
        var damaged = 0
        var minutes = MinuteRollups()
        do {
            // Of rows that came when the day was over already.
            minutes = try self.minutes(of: series, on: day, packer) ?? minutes
        } catch let error as DatabaseError where error.code == .corrupt {
            damaged += 1
        }
        try query("SELECT numbers FROM chunk WHERE day = \(day) AND series = \(series) ORDER BY first") { row in
            if let rows = try? packer.storedNumbers(try row.blob(0)) { minutes.add(rows) } else { damaged += 1 }
        }
        try execute(
            """
            INSERT INTO minutes (day, series, tenant, rollups)
            SELECT \(day), \(series), tenant, \(try minutes.packed(packer.zstandard)) FROM series WHERE id = \(series)
            ON CONFLICT (day, series) DO UPDATE SET rollups = excluded.rollups
            """
        )
        try execute("DELETE FROM chunk WHERE day = \(day) AND series = \(series)")
        return damaged
    }
}
