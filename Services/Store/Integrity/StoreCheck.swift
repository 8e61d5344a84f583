public import Contracts
public import Database
import Packing

/// Looks through everything that a store has written, within one snapshot and without changing anything.
public struct StoreCheck {
    private let connection: any DatabaseConnection
    private let packer: RowPacker
    /// Of days that have not expired all rows are kept, unless there are minutes of them.
    private let rules: RetentionRules
    private let now: Timestamp

    /// `retention` says of which days rows must still be there to be compared with their sums, where tenants have
    /// chosen nothing shorter.
    ///
    /// Throws when the database cannot be read at all, is no store's, or is of a newer version.
    public static func run(
        on database: any Database,
        retention: RetentionSettings,
        now: Timestamp = .now
    ) async throws -> StoreReport {
        try await database.read(deadline: .now + .seconds(86_400)) { connection in
            try connection.enter(tenant: TenantID.every.rawValue)
            try connection.checkSchema()
            let packer = RowPacker(level: 1)
            var rules = RetentionRules(settings: retention)
            rules.tenants = try connection.tenantRetentions()
            return try StoreCheck(connection: connection, packer: packer, rules: rules, now: now).report()
        }
    }

    private func report() throws -> StoreReport {
        var report = StoreReport()
        try checkEngine(&report)
        try checkOrphans(&report)
        var records: [SeriesRecord] = []
        try report.attempt("the table of series") { _ in records = try connection.seriesRecords(after: 0) }
        report.series = records.count
        if records.map(\.id) != Array(1..<records.count + 1) { report.fault("the numbers of series have gaps") }
        if Set(records.map(\.key)).count != records.count { report.fault("two series are the same") }
        var log = LogCheck(connection, packer, seriesCount: records.count)
        try report.attempt("the log") { report in try log.run(&report) }
        var minutes: Set<SeriesDay> = []
        try report.attempt("the minutes") { report in minutes = try readMinutes(&report) }
        let days = try connection.days(of: "chunk")
        for record in records {
            let name = "series \(record.id) (\(record.key.series.type.rawValue) of \(record.key.series.target))"
            var check = SeriesCheck(connection, packer, record, name: name, days: days)
            let expired = rules.expiredDays(of: record.key.tenant, at: now).rows
            check.isComplete = { day in
                day > expired && !minutes.contains(SeriesDay(series: record.id, day: day))
            }
            check.moved = log.moved[record.id] ?? [:]
            check.waiting = log.waiting[record.id] ?? []
            try report.attempt(name) { report in try check.run(&report) }
        }
        return report
    }

    private func checkEngine(_ report: inout StoreReport) throws {
        guard connection.engine == .sqlite else { return }
        try report.attempt("the file") { report in
            let lines = try connection.rows("PRAGMA integrity_check(100)") { row in try row.text(0) }
            for line in lines where line != "ok" { report.fault("the file: \(line)") }
        }
    }

    private func checkOrphans(_ report: inout StoreReport) throws {
        for (table, what) in [
            ("chunk", "chunks"), ("minutes", "days of minutes"), ("rollup", "roll-ups"), ("progress", "progress"),
            ("route", "routes"),
        ] {
            try report.attempt("the table \(table)") { report in
                let query = SQL(
                    trusted: "SELECT DISTINCT series FROM \(table) WHERE series NOT IN (SELECT id FROM series)"
                )
                for series in try connection.rows(query, { try $0.integer(0) }) {
                    report.fault("there are \(what) of series \(series), which is none")
                }
            }
        }
    }

    /// Reads all minutes; returns the days that have some and of which rows might be kept too.
    private func readMinutes(_ report: inout StoreReport) throws -> Set<SeriesDay> {
        var days: Set<SeriesDay> = []
        var damaged: [SeriesDay] = []
        var count = 0
        let lastExpiredDay = rules.settings.expiredDays(at: now).rows
        try connection.query("SELECT day, series, rollups FROM minutes") { row in
            let place = SeriesDay(series: try row[1], day: try row[0])
            count += 1
            if place.day > lastExpiredDay { days.insert(place) }
            let indices = (try? MinuteRollups(packed: try row.blob(2), packer.zstandard))?.rollups.keys
            let minutesADay = RollupStep.day.microseconds / RollupStep.minute.microseconds
            if indices?.allSatisfy({ $0 / minutesADay == place.day }) != true { damaged.append(place) }
        }
        report.minutes = count
        for place in damaged { report.fault("series \(place.series): the minutes of day \(place.day) cannot be read") }
        return days
    }
}

/// A series and a day since 1970.
private struct SeriesDay: Hashable {
    var series: Int
    var day: Int64
}

extension DatabaseConnection {
    /// Throws unless this is the database of a store, and of one that this program knows.
    fileprivate func checkSchema() throws {
        let version: Int
        do {
            version = try value("SELECT coalesce(max(version), 0) FROM schema_migration") ?? 0
        } catch let error as DatabaseError where error.code == .failed {
            throw DatabaseError(.failed, "this is not the database of a store", cause: error)
        }
        guard version <= schema.count else {
            throw DatabaseError(
                .newerSchema,
                "the database has schema version \(version), this program knows \(schema.count); run a newer version"
            )
        }
        guard version == schema.count else {
            throw DatabaseError(.failed, "the database is of an older version; start the store once, which upgrades it")
        }
    }
}
