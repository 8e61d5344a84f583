import Contracts
import Database
import DatabaseCalls

/// Removes what one tenant has and does not keep any more.
///
/// Its rows are found by its series: for each of them the tables' keys are looked up on the days that there are, and
/// nothing of others is read. So it costs as much as the tenant has series, times days, and the removal itself.
struct TenantPruning: Sendable {
    private static let seriesAtOnce = 100
    private static let daysAtOnce = 30
    /// Rows that one transaction makes minutes of, about.
    private static let rowsAtOnce = 10_000
    /// Roll-ups, changes of routes and commits that one transaction removes.
    private static let removalsAtOnce = 1_000
    private static let eventsAtOnce = 200

    let database: any Database
    let tenant: TenantID
    let series: [Int]

    private struct SeriesDay: Sendable {
        var day: Int64
        var series: Int
    }

    /// Makes minutes of rows, up to a day; returns how many rows went, and how many chunks could not be read.
    func summarizeRows(upTo last: Int64) async throws -> (rows: Int, damaged: Int) {
        var total = (rows: 0, damaged: 0)
        try await forEach(in: "chunk", upTo: last) { found in
            var rest = found[...]
            while !rest.isEmpty {
                let (rows, damaged, count) = try await database.write(as: .every) { [rest] connection in
                    try connection.take(.chunks)
                    let packer = RowPacker(level: 3)
                    var (rows, damaged, count) = (0, 0, 0)
                    for place in rest where rows < Self.rowsAtOnce {
                        count += 1
                        let query: SQL = """
                            SELECT coalesce(sum(rows), 0) FROM chunk
                            WHERE day = \(place.day) AND series = \(place.series)
                            """
                        // Another store may have been here.
                        guard let more: Int = try connection.value(query), more > 0 else { continue }
                        damaged += try connection.summarize(place.series, on: place.day, packer)
                        rows += more
                    }
                    return (rows, damaged, count)
                }
                total = (total.rows + rows, total.damaged + damaged)
                rest = rest.dropFirst(count)
            }
        }
        return total
    }

    func removeMinutes(upTo last: Int64) async throws {
        try await forEach(in: "minutes", upTo: last) { found in
            for (day, places) in Dictionary(grouping: found, by: \.day) {
                let series = places.map(\.series)
                _ = try await database.write(as: .every) { connection in
                    try connection.execute("DELETE FROM minutes WHERE day = \(day) AND series IN (\(list: series))")
                }
            }
        }
    }

    /// Hands on what there is of the tenant's in a table, some series and days at a time.
    private func forEach(in table: SQL, upTo last: Int64, _ body: ([SeriesDay]) async throws -> Void) async throws {
        let days = try await database.read(as: .every) { try $0.days(of: table, upTo: last) }
        for series in series.chunked(Self.seriesAtOnce) {
            for days in days.chunked(Self.daysAtOnce) {
                let found = try await database.read(as: .every) { connection in
                    try connection.rows(
                        """
                        SELECT DISTINCT day, series FROM \(table)
                        WHERE day IN (\(list: days)) AND series IN (\(list: series)) ORDER BY day, series
                        """
                    ) { row in SeriesDay(day: try row[0], series: try row[1]) }
                }
                try await body(found)
            }
        }
    }

    /// Hours and days, and the newest rows that are kept beside them.
    func removeRollups(_ expired: ExpiredDays) async throws {
        let ends = [(RollupStep.hour, expired.end(\.hours)), (.day, expired.end(\.days))]
        for series in series.chunked(Self.seriesAtOnce) {
            var isOver = false
            while !isOver {
                isOver = try await database.write(as: .every) { connection in
                    try connection.execute(
                        """
                        UPDATE progress SET numbers = NULL, metadata = NULL WHERE series IN (\(list: series))
                            AND newest_at < \(expired.end(\.rows)) AND numbers IS NOT NULL
                        """
                    )
                    let counts = try ends.map { step, end in
                        try connection.execute(
                            """
                            DELETE FROM rollup WHERE (step, series, start) IN (
                                SELECT step, series, start FROM rollup WHERE step = \(step.rawValue)
                                    AND series IN (\(list: series)) AND start < \(end) LIMIT \(Self.removalsAtOnce)
                            )
                            """
                        )
                    }
                    return counts.allSatisfy { $0 < Self.removalsAtOnce }
                }
            }
        }
    }

    func removeRoutes(before time: Int64) async throws {
        var count = Self.removalsAtOnce
        while count == Self.removalsAtOnce {
            count = try await database.write(as: .every) { [tenant] connection in
                try connection.execute(
                    """
                    DELETE FROM route WHERE (tenant, changed_at, id) IN (
                        SELECT tenant, changed_at, id FROM route
                        WHERE tenant = \(tenant.rawValue) AND changed_at < \(time) LIMIT \(Self.removalsAtOnce)
                    )
                    """
                )
            }
        }
    }

    /// Commits whose rows are in chunks and have expired; the newest stays, without rows, since its number is where the
    /// next one goes on.
    ///
    /// Returns whether there were any.
    func removeEvents(before time: Int64) async throws -> Bool {
        let tenant = tenant.rawValue
        var isRemoved = false
        while true {
            let oldest = try await database.read(as: .every) { connection in
                try connection.rows(
                    """
                    SELECT cursor, created_at FROM event WHERE tenant = \(tenant)
                        AND cursor <= (SELECT cursor FROM flushed) AND \(SQL.isNotNewestEvent)
                    ORDER BY cursor LIMIT \(Self.eventsAtOnce)
                    """
                ) { row in (cursor: try row[0] as Int, createdAt: try row[1] as Int64) }
            }
            guard let last = oldest.prefix(while: { $0.createdAt < time }).last else { break }
            isRemoved = true
            _ = try await database.write(as: .every) { [tenant = self.tenant] connection in
                try connection.execute(
                    """
                    DELETE FROM event WHERE tenant = \(tenant.rawValue) AND cursor <= \(last.cursor)
                        AND \(SQL.isNotNewestEvent)
                    """
                )
                try connection.execute(.savePruned(last.cursor, of: tenant))
            }
        }
        let emptied = try await database.write(as: .every) { connection in
            let none = try RowPacker(level: 1).pack(MeasurementColumns())
            return try connection.execute(
                """
                UPDATE event SET rows = 0, numbers = \(none.numbers), metadata = \(none.metadata)
                WHERE tenant = \(tenant) AND cursor = (SELECT max(cursor) FROM event WHERE tenant = \(tenant))
                    AND cursor <= (SELECT cursor FROM flushed) AND created_at < \(time) AND rows > 0
                """
            )
        }
        return isRemoved || emptied > 0
    }
}

extension DatabaseConnection {
    /// The days that there are rows of in a table whose key begins with them, in their order and found by its index.
    func days(of table: SQL, upTo last: Int64 = .max) throws -> [Int64] {
        var days: [Int64] = []
        while true {
            let next: SQL = "SELECT min(day) FROM \(table) WHERE day > \(days.last ?? .min)"
            guard let day = try value(next, as: Int64?.self) ?? nil, day <= last else { return days }
            days.append(day)
        }
    }
}

extension SQL {
    static let isNotNewestEvent: SQL =
        "cursor < (SELECT max(cursor) FROM event AS newest WHERE newest.tenant = event.tenant)"

    /// Says up to which cursor commits were removed, of all tenants or of one.
    static func savePruned(_ cursor: Int, of tenant: TenantID) -> SQL {
        """
        INSERT INTO pruned (tenant, cursor) VALUES (\(tenant.rawValue), \(cursor))
        ON CONFLICT (tenant) DO UPDATE SET cursor = excluded.cursor
        """
    }
}
