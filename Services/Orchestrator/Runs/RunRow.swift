import Contracts
import Database
import JSONRPC

/// A run as it is kept.
struct RunRow: Sendable {
    static let columns: SQL = """
        id, check_id, parent_id, cause, started_by, started_at, until_at, ended_at, ordered, once
        """

    var run: Run
    /// Whether its agents are to begin at once.
    var isOrdered = false
    /// Whether each of them is to run the check one time.
    var isOnce = false
}

extension RunRow {
    init(_ row: any DatabaseRow) throws {
        guard let cause = Run.Cause(rawValue: try row.text(3)) else {
            throw DatabaseError(.corrupt, "a run has an unknown cause")
        }
        self.init(
            run: Run(
                id: RunID(rawValue: try row.text(0)),
                checkID: CheckID(rawValue: try row.text(1)),
                parentID: row.isNull(2) ? nil : RunID(rawValue: try row.text(2)),
                cause: cause,
                startedBy: row.isNull(4) ? nil : try row.text(4),
                startedAt: Timestamp(microseconds: try row.integer(5)),
                until: row.isNull(6) ? nil : Timestamp(microseconds: try row.integer(6)),
                endedAt: row.isNull(7) ? nil : Timestamp(microseconds: try row.integer(7))
            ),
            isOrdered: try row[8],
            isOnce: try row[9]
        )
    }
}

extension DatabaseConnection {
    /// How many of a check's runs are kept.
    private static var keptRuns: Int { 100 }

    /// Those that go on, of all tenants.
    func openRuns() throws -> [RunRow] {
        try rows("SELECT \(RunRow.columns) FROM check_run WHERE ended_at IS NULL", RunRow.init)
    }

    /// The newest first.
    func runs(of check: CheckID) throws -> [RunRow] {
        try rows(
            """
            SELECT \(RunRow.columns) FROM check_run WHERE check_id = \(check.rawValue)
            ORDER BY started_at DESC, id DESC LIMIT \(Self.keptRuns)
            """,
            RunRow.init
        )
    }

    func insert(_ row: RunRow, of tenant: TenantID) throws {
        let run = row.run
        try execute(
            """
            INSERT INTO check_run (tenant, \(RunRow.columns))
            VALUES (\(tenant.rawValue), \(run.id.rawValue), \(run.checkID.rawValue), \(run.parentID?.rawValue),
                \(run.cause.rawValue), \(run.startedBy), \(run.startedAt.microseconds), \(run.until?.microseconds),
                \(run.endedAt?.microseconds), \(row.isOrdered), \(row.isOnce))
            """
        )
        try execute(
            """
            DELETE FROM check_run
            WHERE check_id = \(run.checkID.rawValue) AND ended_at IS NOT NULL AND id NOT IN (
                SELECT id FROM check_run WHERE check_id = \(run.checkID.rawValue)
                ORDER BY started_at DESC, id DESC LIMIT \(Self.keptRuns))
            """
        )
    }

    /// Ends a run, or has it go on.
    func setEnd(of run: RunID, _ time: Timestamp?) throws {
        try execute("UPDATE check_run SET ended_at = \(time?.microseconds) WHERE id = \(run.rawValue)")
    }
}
