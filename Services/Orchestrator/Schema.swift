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
    Migration(
        4,
        "many tenants",
        [
            "ALTER TABLE removal ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default'",
            "UPDATE agent SET tenant = '*'",
        ]
    ),
    // `agents` is a selector as JSON; without one, all agents run the check.
    Migration(
        5,
        "which agents run what",
        [
            "ALTER TABLE check_definition ADD COLUMN agents TEXT",
            "ALTER TABLE agent ADD COLUMN added_labels TEXT NOT NULL DEFAULT '{}'",
            "ALTER TABLE agent ADD COLUMN capabilities TEXT NOT NULL DEFAULT '[]'",
            "ALTER TABLE agent ADD COLUMN mode TEXT NOT NULL DEFAULT 'active'",
            "ALTER TABLE agent ADD COLUMN weight BIGINT NOT NULL DEFAULT 1",
        ]
    ),
    // `rate` is what one agent sends for a check, in millionths of a probe a second; it is filled in when the
    // orchestrator starts. `probe_load` sums them up, by the selector of agents as JSON, empty for all.
    Migration(
        6,
        "what checks ask for",
        [
            "ALTER TABLE check_definition ADD COLUMN rate BIGINT",
            """
            CREATE TABLE probe_load (
                tenant TEXT NOT NULL, agents TEXT NOT NULL, rate BIGINT NOT NULL, PRIMARY KEY (tenant, agents))
            """,
        ]
    ),
    Migration(7, "when checks run", ["ALTER TABLE check_definition ADD COLUMN schedule TEXT"]),
    Migration(
        8,
        "maintenance",
        [
            """
            CREATE TABLE maintenance (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL, reason TEXT NOT NULL,
                starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, target_ids TEXT NOT NULL, labels TEXT NOT NULL,
                created_by TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)
            """,
            "CREATE INDEX maintenance_by_tenant ON maintenance (tenant, starts_at)",
            "CREATE INDEX maintenance_by_end ON maintenance (ends_at)",
        ]
    ),
    // A run that is `ordered` begins at once on its agents; one that is `once` is a single one.
    Migration(
        9,
        "runs of checks",
        [
            """
            CREATE TABLE check_run (
                id TEXT PRIMARY KEY, tenant TEXT NOT NULL,
                check_id TEXT NOT NULL REFERENCES check_definition (id) ON DELETE CASCADE,
                parent_id TEXT, cause TEXT NOT NULL, started_by TEXT, started_at BIGINT NOT NULL, until_at BIGINT,
                ended_at BIGINT, ordered BIGINT NOT NULL, once BIGINT NOT NULL)
            """,
            "CREATE INDEX run_by_check ON check_run (check_id, started_at)",
            "CREATE INDEX run_that_goes_on ON check_run (check_id) WHERE ended_at IS NULL",
        ]
    ),
    // Engines differ in the name of the type of bytes.
    Migration(10, "who may become an agent", sqlite: enrolments(bytes: "BLOB"), postgres: enrolments(bytes: "BYTEA")),
    // Agents are everybody's, and `probe_load` is what all tenants together ask of them.
    Migration(
        11,
        "rows that only their tenant sees",
        sqlite: [],
        postgres: ["target", "check_definition", "maintenance", "check_run", "removal"].flatMap {
            RowGuard.statements(for: $0)
        }
    ),
    // `owner` is what keeps a target in place of people, and for what: `mesh:<agent>`, `kubernetes:<uid>`.
    Migration(
        12,
        "targets that keep themselves",
        [
            "ALTER TABLE target ADD COLUMN owner TEXT",
            "CREATE UNIQUE INDEX target_by_owner ON target (owner)",
            "ALTER TABLE agent ADD COLUMN node TEXT",
            "ALTER TABLE agent ADD COLUMN reachable TEXT",
            "ALTER TABLE agent ADD COLUMN node_labels TEXT NOT NULL DEFAULT '{}'",
        ]
    ),
]

private func enrolments(bytes: String) -> [SQL] {
    [
        SQL(
            trusted: """
                CREATE TABLE enrolment (
                    id TEXT PRIMARY KEY, name TEXT NOT NULL, labels TEXT NOT NULL, hash \(bytes) NOT NULL UNIQUE,
                    created_by TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
                    used_at BIGINT, certificate_ends_at BIGINT)
                """
        )
    ]
}
