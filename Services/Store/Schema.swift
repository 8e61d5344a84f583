import Database

/// The steps of the store's schema; released ones never change.
///
/// Times are microseconds since 1970, days are counted from there too, and rows are packed by a `RowPacker`.
let schema = [
    Migration(
        1,
        "log, chunks and roll-ups",
        [
            """
            CREATE TABLE series (
                id BIGINT PRIMARY KEY, tenant TEXT NOT NULL, target_id TEXT NOT NULL, check_id TEXT NOT NULL,
                agent_id TEXT NOT NULL, target TEXT NOT NULL, type TEXT NOT NULL, endpoint TEXT NOT NULL,
                origin TEXT NOT NULL, interval_ms BIGINT NOT NULL, first_at BIGINT NOT NULL,
                UNIQUE (tenant, check_id, agent_id, target_id, target, type, endpoint, origin, interval_ms))
            """,
            // What was committed, batch by batch and in that order; their `series` are numbers of the table above.
            """
            CREATE TABLE event (
                tenant TEXT NOT NULL, cursor BIGINT NOT NULL, created_at BIGINT NOT NULL, rows BIGINT NOT NULL,
                numbers BLOB NOT NULL, metadata BLOB NOT NULL, PRIMARY KEY (tenant, cursor)) WITHOUT ROWID
            """,
            // Up to which cursor the log is in chunks, of all series and of each; and of each what is kept in memory.
            "CREATE TABLE flushed (tenant TEXT PRIMARY KEY, cursor BIGINT NOT NULL) WITHOUT ROWID",
            """
            CREATE TABLE progress (
                series BIGINT PRIMARY KEY, tenant TEXT NOT NULL, flushed BIGINT NOT NULL, newest_at BIGINT NOT NULL,
                highest_id BLOB NOT NULL, numbers BLOB, metadata BLOB)
            """,
            // Rows of one series and one day; the times of two chunks do not overlap.
            """
            CREATE TABLE chunk (
                day BIGINT NOT NULL, series BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
                tenant TEXT NOT NULL, rows BIGINT NOT NULL, numbers BLOB NOT NULL, metadata BLOB NOT NULL,
                PRIMARY KEY (day, series, first)) WITHOUT ROWID
            """,
            // What the chunks of a day were, minute by minute, once they are gone.
            """
            CREATE TABLE minutes (
                day BIGINT NOT NULL, series BIGINT NOT NULL, tenant TEXT NOT NULL, rollups BLOB NOT NULL,
                PRIMARY KEY (day, series)) WITHOUT ROWID
            """,
            // Hours and days; `step` is the length in seconds.
            """
            CREATE TABLE rollup (
                step BIGINT NOT NULL, series BIGINT NOT NULL, start BIGINT NOT NULL, tenant TEXT NOT NULL,
                rollup BLOB NOT NULL, PRIMARY KEY (step, series, start)) WITHOUT ROWID
            """,
            // Traces that saw another way than the one before; `path` is a JSON array of addresses.
            """
            CREATE TABLE route (
                tenant TEXT NOT NULL, changed_at BIGINT NOT NULL, id BLOB NOT NULL, series BIGINT NOT NULL,
                hop BIGINT NOT NULL, flows BIGINT NOT NULL, path TEXT NOT NULL,
                PRIMARY KEY (tenant, changed_at, id)) WITHOUT ROWID
            """,
            """
            CREATE TABLE gap (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, agent_id TEXT NOT NULL, started_at BIGINT NOT NULL,
                ended_at BIGINT NOT NULL, rows BIGINT NOT NULL, cause TEXT NOT NULL)
            """,
            "CREATE INDEX gap_by_end ON gap (tenant, ended_at)",
        ]
    )
]

/// The one tenant there is.
let defaultTenant = "default"
