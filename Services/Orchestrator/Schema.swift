import Database

/// The steps of the orchestrator's schema; released ones never change.
let schema = [
    Migration(
        1,
        "targets, checks and agents",
        [
            // `sort_name` and `search` are lowercase, since engines differ in how they compare letters.
            """
            CREATE TABLE target (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL,
                description TEXT NOT NULL, category TEXT NOT NULL, labels TEXT NOT NULL, enabled BIGINT NOT NULL,
                sort_name TEXT NOT NULL, search TEXT NOT NULL,
                created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
                UNIQUE (tenant, address, name))
            """,
            "CREATE INDEX target_by_name ON target (tenant, sort_name, id)",
            """
            CREATE TABLE check_definition (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL,
                target_id TEXT NOT NULL REFERENCES target (id) ON DELETE CASCADE,
                type TEXT NOT NULL, interval_ms BIGINT NOT NULL, timeout_ms BIGINT NOT NULL, options TEXT NOT NULL,
                enabled BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)
            """,
            "CREATE INDEX check_by_target ON check_definition (target_id, id)",
            """
            CREATE TABLE agent (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
                labels TEXT NOT NULL, registered_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL,
                UNIQUE (tenant, name))
            """,
            // Named numbers: the assignments' revision, and which things that happen once have happened.
            "CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
            "INSERT INTO counter (name, value) VALUES ('revision', 0)",
        ]
    ),
    Migration(2, "the rates of targets", ["ALTER TABLE target ADD COLUMN max_rate DOUBLE PRECISION"]),
    // Targets of which the store still has measurements.
    Migration(
        3,
        "targets to forget",
        ["CREATE TABLE removal (target_id TEXT PRIMARY KEY, removed_at BIGINT NOT NULL)"]
    ),
]
