import Contracts
import Database
import Observability
import Synchronization

/// What this process knows of what was committed, by itself and by other stores on the same database: series, rows that
/// are not in chunks, and the newest events.
///
/// Commits have one order, since only one store at a time adds to the log. So whoever knows the newest knows all.
final class Replica: Sendable {
    /// How often is looked for what others have committed.
    private static let interval = Duration.milliseconds(100)

    let series: SeriesTable
    let head: Head
    let events: EventLog
    /// What rows amount to, where anybody outside wants to know.
    let totals: ProbeTotals?

    private let database: any Database
    private let turn = Mutex(())

    private init(_ database: any Database, _ series: SeriesTable, _ events: EventLog, _ totals: ProbeTotals?) {
        self.database = database
        self.totals = totals
        self.series = series
        self.events = events
        head = Head()
    }

    /// Reads what is kept in memory.
    static func open(_ database: any Database, seriesLimit: Int, totals: ProbeTotals?) async throws -> Replica {
        let series = SeriesTable(limit: seriesLimit)
        try await series.load(from: database)
        let flushed = try await database.read(as: defaultTenant) { connection in
            try connection.value("SELECT cursor FROM flushed WHERE tenant = \(defaultTenant)") ?? 0
        }
        let replica = Replica(database, series, EventLog(database, series, newest: flushed), totals)
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
    func forget(_ targets: [TargetID]) {
        series.forget(targets)
        events.forgetTail()
    }

    /// Takes note of what others have committed, as a transaction sees it.
    func catchUp(on connection: any DatabaseConnection) throws {
        try catchUpForgotten(connection)
        let newest: Int =
            try connection.value(
                "SELECT coalesce(max(cursor), 0) FROM event WHERE tenant = \(defaultTenant)"
            ) ?? 0
        guard newest > events.newest else { return }
        take(try connection.seriesRecords(after: series.count), [])
        while events.newest < newest, let commit = try connection.commit(after: events.newest) {
            take([], [(commit, StoredEvent(cursor: commit.cursor, batch: commit.batch(series).json[...]))])
        }
    }

    private func catchUpForgotten(_ connection: any DatabaseConnection) throws {
        // Those of whom only the series are left have no name any more, and one more in memory.
        let count: Int = try connection.value("SELECT count(*) FROM forgotten WHERE tenant = \(defaultTenant)") ?? 0
        guard count + 1 > series.forgottenCount else { return }
        let targets = try connection.rows("SELECT target_id FROM forgotten WHERE tenant = \(defaultTenant)") { row in
            TargetID(rawValue: try row.text(0))
        }
        forget(targets + [TargetID(rawValue: "")])
    }

    private func catchUp() async throws {
        try await database.read(as: defaultTenant) { [self] connection in try catchUp(on: connection) }
    }

    /// Looks for what other stores commit, until it is cancelled; there are none with SQLite.
    func follow(_ clock: any Clock<Duration>, _ log: Log) async throws {
        guard try await database.read({ $0.engine }) == .postgres else { return }
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
