import Contracts
import Database
import DatabaseCalls
import Observability
import Synchronization

/// What this process knows of what was committed, by itself and by other stores on the same database: series, rows that
/// are not in chunks, the newest events, and how long things are kept.
///
/// Commits have one order, since only one store at a time adds to the log. So whoever knows the newest knows all.
final class Replica: Sendable {
    /// How often is looked for what others have committed.
    private static let interval = Duration.milliseconds(100)

    let series: SeriesTable
    let head: Head
    let events: EventLog
    let retention: RetentionTable
    /// What rows amount to, where anybody outside wants to know.
    let totals: ProbeTotals?

    private let database: any Database
    private let turn = Mutex(())
    /// How many targets are forgotten, since when and until when, as of the last look.
    private let forgottenSeen = Mutex<[[Int64]]>([])

    private init(
        _ database: any Database,
        _ series: SeriesTable,
        _ events: EventLog,
        _ retention: RetentionTable,
        _ totals: ProbeTotals?
    ) {
        self.database = database
        self.retention = retention
        self.totals = totals
        self.series = series
        self.events = events
        head = Head()
    }

    /// Reads what is kept in memory.
    static func open(
        _ database: any Database,
        seriesLimit: Int,
        retention: RetentionSettings,
        totals: ProbeTotals?
    ) async throws -> Replica {
        let series = SeriesTable(limit: seriesLimit)
        try await series.load(from: database)
        let (flushed, numbers) = try await database.read(as: .every) { connection in
            (try connection.flushedCursor(), try connection.newestNumbers())
        }
        let events = EventLog(database, series, newest: flushed, numbers: numbers)
        let replica = Replica(database, series, events, RetentionTable(retention), totals)
        try await replica.catchUp()
        totals?.begin()
        return replica
    }

    /// Takes note of what was committed; what is known already is left out.
    func take(_ newSeries: [SeriesRecord], _ commits: [(commit: CommittedRows, event: StoredEvent)]) {
        turn.withLock { _ in
            series.append(newSeries.filter { $0.id > series.count }, MeasurementColumns())
            for (commit, event) in commits where commit.cursor > events.newest {
                series.append([], commit.rows)
                head.append(commit)
                totals?.take(commit.rows, of: series)
                events.append(event)
            }
        }
    }

    /// Shows nothing more of targets.
    func forget(_ targets: [TenantTarget]) {
        series.forget(targets)
        events.forgetTail()
    }

    /// Takes note of what others have committed, as a transaction sees it.
    func catchUp(on connection: any DatabaseConnection) throws {
        try catchUpForgotten(connection)
        try retention.catchUp(on: connection)
        let newest: Int =
            try connection.value("SELECT coalesce(max(cursor), 0) FROM event") ?? 0
        guard newest > events.newest else { return }
        take(try connection.seriesRecords(after: series.count), [])
        while events.newest < newest, let commit = try connection.commit(after: events.newest) {
            take([], [(commit, commit.event(series))])
        }
    }

    private func catchUpForgotten(_ connection: any DatabaseConnection) throws {
        // Whatever is added or removed, one of these changes: the oldest go first.
        let seen = try connection.rows(
            """
            SELECT count(*), coalesce(min(forgotten_at), 0), coalesce(max(forgotten_at), 0) FROM forgotten
            """
        ) { row in [try row[0] as Int64, try row[1], try row[2]] }
        guard forgottenSeen.withLock({ $0 != seen }) else { return }
        let targets = try connection.rows("SELECT tenant, target_id FROM forgotten") { row in
            TenantTarget(tenant: TenantID(rawValue: try row.text(0)), target: TargetID(rawValue: try row.text(1)))
        }
        forget(targets)
        forgottenSeen.withLock { $0 = seen }
    }

    private func catchUp() async throws {
        try await database.read(as: .every) { [self] connection in try catchUp(on: connection) }
    }

    /// Looks for what other stores commit, until it is cancelled; there are none with SQLite.
    func follow(_ clock: any Clock<Duration>, _ log: Log) async throws {
        guard database.engine == .postgres else { return }
        while true {
            try await clock.sleep(for: Self.interval)
            do {
                try await catchUp()
            } catch let error as DatabaseError {
                log.warning("cannot see what other stores commit", ["error": "\(error)"])
                try await clock.sleep(for: .seconds(1))
            }
        }
    }
}
