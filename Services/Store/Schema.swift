import Database

/// The steps of the store's schema; released ones never change.
let schema = [
    Migration(
        1,
        "series, measurements and events",
        [
            """
            CREATE TABLE series (
                id BIGINT PRIMARY KEY, tenant TEXT NOT NULL, target_id TEXT NOT NULL, check_id TEXT NOT NULL,
                agent_id TEXT NOT NULL, target TEXT NOT NULL, type TEXT NOT NULL, origin TEXT NOT NULL,
                UNIQUE (tenant, check_id, agent_id, target_id, target, type, origin))
            """,
            // The key is the row's place: a span of one series is one run of pages, and a row that is sent again meets
            // itself. Times are microseconds since 1970.
            """
            CREATE TABLE measurement (
                series BIGINT NOT NULL, timestamp BIGINT NOT NULL, id BLOB NOT NULL, latency DOUBLE PRECISION,
                status SMALLINT NOT NULL, reason SMALLINT NOT NULL, metadata TEXT,
                PRIMARY KEY (series, timestamp, id)) WITHOUT ROWID
            """,
            // What was committed, batch by batch and in that order; `keys` says where the new rows are (EventKeys).
            "CREATE TABLE event (cursor INTEGER PRIMARY KEY, created_at BIGINT NOT NULL, keys BLOB NOT NULL)",
        ]
    ),
    Migration(
        2,
        "requests sent and answered, and the endpoints of a series",
        [
            "ALTER TABLE measurement ADD COLUMN sent BIGINT NOT NULL DEFAULT 1",
            "ALTER TABLE measurement ADD COLUMN received BIGINT NOT NULL DEFAULT 1",
            "UPDATE measurement SET received = 0 WHERE latency IS NULL",
            "ALTER TABLE series RENAME TO series_without_endpoint",
            """
            CREATE TABLE series (
                id BIGINT PRIMARY KEY, tenant TEXT NOT NULL, target_id TEXT NOT NULL, check_id TEXT NOT NULL,
                agent_id TEXT NOT NULL, target TEXT NOT NULL, type TEXT NOT NULL, endpoint TEXT NOT NULL,
                origin TEXT NOT NULL,
                UNIQUE (tenant, check_id, agent_id, target_id, target, type, endpoint, origin))
            """,
            """
            INSERT INTO series (id, tenant, target_id, check_id, agent_id, target, type, endpoint, origin)
            SELECT id, tenant, target_id, check_id, agent_id, target, type, '', origin FROM series_without_endpoint
            """,
            "DROP TABLE series_without_endpoint",
        ]
    ),
    Migration(
        3,
        "gaps",
        [
            """
            CREATE TABLE gap (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, agent_id TEXT NOT NULL, started_at BIGINT NOT NULL,
                ended_at BIGINT NOT NULL, rows BIGINT NOT NULL, cause TEXT NOT NULL)
            """,
            "CREATE INDEX gap_by_end ON gap (tenant, ended_at)",
        ]
    ),
]

/// The one tenant there is.
let defaultTenant = "default"
