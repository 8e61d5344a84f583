import Database

/// The steps of the store's schema; released ones never change.
///
/// Times are microseconds since 1970, days are counted from there too, and rows are packed by a `RowPacker`.
let schema = [
    Migration(
        1,
        "log, chunks and roll-ups",
        sqlite: tables.map { $0.statement(for: .sqlite) } + indices,
        postgres: tables.map { $0.statement(for: .postgres) } + indices + tables.flatMap(\.guards)
    ),
    Migration(
        2,
        "many tenants",
        sqlite: tenancy + ownRows,
        postgres: tenancy + (tables.map(\.name) + ["pruned"]).flatMap { RowGuard.statements(for: $0) }
            + ["SELECT set_config('sonde.tenant', '*', true)"] + ownRows
    ),
    Migration(
        3,
        "retention of tenants",
        sqlite: retentionTables,
        postgres: retentionTables + ["retention", "retention_change"].flatMap { RowGuard.statements(for: $0) }
    ),
]

private let indices: [SQL] = [
    "CREATE INDEX gap_by_end ON gap (tenant, ended_at)",
    "CREATE INDEX session_by_start ON session (tenant, started_at, id)",
]

/// Each tenant counts its own commits, what is left of the log may have holes, and files are told from agents.
private let tenancy: [SQL] = [
    "ALTER TABLE event ADD COLUMN number BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE series ADD COLUMN verified BIGINT NOT NULL DEFAULT 1",
    "CREATE UNIQUE INDEX event_by_cursor ON event (cursor)",
    "CREATE TABLE pruned (tenant TEXT PRIMARY KEY, cursor BIGINT NOT NULL)",
]

/// What the store has on its own behalf is no tenant's; until now there was one.
private let ownRows: [SQL] = [
    "UPDATE event SET number = cursor",
    "CREATE UNIQUE INDEX event_by_number ON event (tenant, number)",
    "UPDATE flushed SET tenant = '*'",
    "UPDATE gap SET tenant = '*'",
    "DELETE FROM lease",
]

/// What tenants have chosen (`part` is `own`), what operators allow them (`limit`), both in days, and up to which day,
/// counted from 1970, nothing is kept whatever those say (`expired`); and how many changes of it there were.
private let retentionTables: [SQL] = [
    """
    CREATE TABLE retention (
        tenant TEXT NOT NULL, part TEXT NOT NULL, rows BIGINT, minutes BIGINT, hours BIGINT, days BIGINT,
        PRIMARY KEY (tenant, part)
    )
    """,
    "CREATE TABLE retention_change (tenant TEXT PRIMARY KEY, number BIGINT NOT NULL)",
]

/// A table of either engine; every one has a column `tenant`, and PostgreSQL shows each tenant its own rows alone.
private struct Table {
    var name: String
    /// `BYTES` stands for the type of bytes.
    var columns: String
    var isPartitioned = false

    func statement(for engine: DatabaseEngine) -> SQL {
        let bytes = engine == .sqlite ? "BLOB" : "BYTEA"
        let partitioning = isPartitioned ? " PARTITION BY RANGE (day)" : ""
        let end = engine == .sqlite ? " WITHOUT ROWID" : partitioning
        return SQL(trusted: "CREATE TABLE \(name) (\(columns.replacing("BYTES", with: bytes)))\(end)")
    }

    /// No rows at all while nobody has said for whom a transaction works.
    var guards: [SQL] {
        [
            SQL(trusted: "ALTER TABLE \(name) ENABLE ROW LEVEL SECURITY"),
            SQL(trusted: "ALTER TABLE \(name) FORCE ROW LEVEL SECURITY"),
            SQL(
                trusted: """
                    CREATE POLICY tenant_rows ON \(name)
                        USING (tenant = current_setting('sonde.tenant', true))
                        WITH CHECK (tenant = current_setting('sonde.tenant', true))
                    """
            ),
        ]
    }
}

private let tables = [
    Table(
        name: "series",
        columns: """
            id BIGINT PRIMARY KEY, tenant TEXT NOT NULL, target_id TEXT NOT NULL, check_id TEXT NOT NULL,
            agent_id TEXT NOT NULL, target TEXT NOT NULL, type TEXT NOT NULL, endpoint TEXT NOT NULL,
            origin TEXT NOT NULL, interval_ms BIGINT NOT NULL, first_at BIGINT NOT NULL,
            UNIQUE (tenant, check_id, agent_id, target_id, target, type, endpoint, origin, interval_ms)
            """
    ),
    // What was committed, batch by batch and in that order; their series are numbers of the table above.
    Table(
        name: "event",
        columns: """
            tenant TEXT NOT NULL, cursor BIGINT NOT NULL, created_at BIGINT NOT NULL, rows BIGINT NOT NULL,
            numbers BYTES NOT NULL, metadata BYTES NOT NULL, PRIMARY KEY (tenant, cursor)
            """
    ),
    // Up to which cursor the log is in chunks, of all series and of each; and of each series what is kept in memory.
    Table(
        name: "flushed",
        columns: """
            tenant TEXT PRIMARY KEY, cursor BIGINT NOT NULL
            """
    ),
    Table(
        name: "progress",
        columns: """
            series BIGINT PRIMARY KEY, tenant TEXT NOT NULL, flushed BIGINT NOT NULL, newest_at BIGINT NOT NULL,
            highest_id BYTES NOT NULL, numbers BYTES, metadata BYTES
            """
    ),
    // Rows of one series and one day; the times of two chunks do not overlap.
    Table(
        name: "chunk",
        columns: """
            day BIGINT NOT NULL, series BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
            tenant TEXT NOT NULL, rows BIGINT NOT NULL, numbers BYTES NOT NULL, metadata BYTES NOT NULL,
            PRIMARY KEY (day, series, first)
            """,
        isPartitioned: true
    ),
    // What the chunks of a day were, minute by minute, once they are gone.
    Table(
        name: "minutes",
        columns: """
            day BIGINT NOT NULL, series BIGINT NOT NULL, tenant TEXT NOT NULL, rollups BYTES NOT NULL,
            PRIMARY KEY (day, series)
            """
    ),
    // Hours and days; `step` is the length in seconds.
    Table(
        name: "rollup",
        columns: """
            step BIGINT NOT NULL, series BIGINT NOT NULL, start BIGINT NOT NULL, tenant TEXT NOT NULL,
            rollup BYTES NOT NULL, PRIMARY KEY (step, series, start)
            """
    ),
    // Traces that saw another way than the one before; `path` is a JSON array of addresses.
    Table(
        name: "route",
        columns: """
            tenant TEXT NOT NULL, changed_at BIGINT NOT NULL, id BYTES NOT NULL, series BIGINT NOT NULL,
            hop BIGINT NOT NULL, flows BIGINT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (tenant, changed_at, id)
            """
    ),
    Table(
        name: "gap",
        columns: """
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, agent_id TEXT NOT NULL, started_at BIGINT NOT NULL,
            ended_at BIGINT NOT NULL, rows BIGINT NOT NULL, cause TEXT NOT NULL
            """
    ),
    // What one store at a time does, of those that share a database: who does it, and until when others leave it to that
    // one.
    Table(
        name: "lease",
        columns: """
            tenant TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL, held_until BIGINT NOT NULL,
            PRIMARY KEY (tenant, name)
            """
    ),
    // Targets that are no more, and the numbers of the series they had.
    Table(
        name: "forgotten",
        columns: """
            tenant TEXT NOT NULL, target_id TEXT NOT NULL, forgotten_at BIGINT NOT NULL, PRIMARY KEY (tenant, target_id)
            """
    ),
    Table(
        name: "forgotten_series",
        columns: """
            tenant TEXT NOT NULL, number BIGINT NOT NULL, target_id TEXT NOT NULL, PRIMARY KEY (tenant, number)
            """
    ),
    // `target_ids` and `types` are JSON arrays; a session without an end goes on.
    Table(
        name: "session",
        columns: """
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT,
            note TEXT NOT NULL, target_ids TEXT NOT NULL, types TEXT NOT NULL, created_by TEXT NOT NULL,
            created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (tenant, name)
            """
    ),
]
