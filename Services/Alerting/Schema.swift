import Contracts
import Database

/// The steps of the alerting service's schema; released ones never change.
///
/// The first one also makes what is there before anyone asked for it, so that what is deleted stays deleted.
func schema(at now: Timestamp) -> [Migration] {
    [
        Migration(1, "rules, incidents, receivers and deliveries", tables + defaults(at: now, for: .first)),
        Migration(2, "the endpoints of a check", endpoints),
        // Tenants that have what `defaults` makes.
        Migration(
            3,
            "many tenants",
            [
                "CREATE TABLE welcome (tenant TEXT PRIMARY KEY)",
                "INSERT INTO welcome (tenant) VALUES (\(TenantID.first.rawValue))",
            ]
        ),
        Migration(4, "silences", silences),
        Migration(5, "rows that only their tenant sees", sqlite: [], postgres: guards),
    ]
}

private let tables: [SQL] = [
    """
    CREATE TABLE rule (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, target_id TEXT, check_type TEXT,
        metric TEXT NOT NULL, comparison TEXT NOT NULL, threshold DOUBLE PRECISION NOT NULL,
        consecutive BIGINT NOT NULL, severity TEXT NOT NULL, enabled BIGINT NOT NULL,
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)
    """,
    """
    CREATE TABLE incident (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, rule_id TEXT NOT NULL, rule_name TEXT NOT NULL,
        severity TEXT NOT NULL, target_id TEXT NOT NULL, target_name TEXT NOT NULL, check_id TEXT NOT NULL,
        check_type TEXT NOT NULL, agent_id TEXT NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL,
        started_at BIGINT NOT NULL, ended_at BIGINT)
    """,
    "CREATE INDEX incident_by_start ON incident (tenant, started_at, id)",
    "CREATE INDEX incident_by_target ON incident (tenant, target_id, started_at, id)",
    "CREATE UNIQUE INDEX incident_open ON incident (rule_id, check_id, agent_id) WHERE state = 'firing'",
    // Where each rule stands with each check of each agent; as of the counter `cursor`.
    """
    CREATE TABLE streak (
        rule_id TEXT NOT NULL REFERENCES rule (id) ON DELETE CASCADE, check_id TEXT NOT NULL, agent_id TEXT NOT NULL,
        newest BIGINT NOT NULL, is_crossing BIGINT NOT NULL, count BIGINT NOT NULL, since BIGINT NOT NULL,
        incident_id TEXT, target_id TEXT NOT NULL,
        PRIMARY KEY (rule_id, check_id, agent_id))
    """,
    // `cursor`: up to where measurements are evaluated, once that is known. `revision`: counts changes of the rules.
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO counter (name, value) VALUES ('revision', 0)",
    """
    CREATE TABLE receiver (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, url TEXT,
        created_at BIGINT NOT NULL)
    """,
    """
    CREATE TABLE delivery (
        incident_id TEXT NOT NULL REFERENCES incident (id) ON DELETE CASCADE, transition TEXT NOT NULL,
        receiver_id TEXT NOT NULL REFERENCES receiver (id) ON DELETE CASCADE,
        state TEXT NOT NULL, attempts BIGINT NOT NULL, created_at BIGINT NOT NULL, next_attempt_at BIGINT NOT NULL,
        outcome TEXT NOT NULL,
        PRIMARY KEY (incident_id, transition, receiver_id))
    """,
    "CREATE INDEX delivery_due ON delivery (receiver_id, next_attempt_at) WHERE state = 'pending'",
]

private let endpoints: [SQL] = [
    "ALTER TABLE incident ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''",
    "DROP INDEX incident_open",
    "CREATE UNIQUE INDEX incident_open ON incident (rule_id, check_id, agent_id, endpoint) WHERE state = 'firing'",
    "ALTER TABLE streak RENAME TO streak_without_endpoint",
    """
    CREATE TABLE streak (
        rule_id TEXT NOT NULL REFERENCES rule (id) ON DELETE CASCADE, check_id TEXT NOT NULL, agent_id TEXT NOT NULL,
        endpoint TEXT NOT NULL, newest BIGINT NOT NULL, is_crossing BIGINT NOT NULL, count BIGINT NOT NULL,
        since BIGINT NOT NULL, incident_id TEXT, target_id TEXT NOT NULL,
        PRIMARY KEY (rule_id, check_id, agent_id, endpoint))
    """,
    """
    INSERT INTO streak (rule_id, check_id, agent_id, endpoint, newest, is_crossing, count, since, incident_id,
        target_id)
    SELECT rule_id, check_id, agent_id, '', newest, is_crossing, count, since, incident_id, target_id
    FROM streak_without_endpoint
    """,
    "DROP TABLE streak_without_endpoint",
]

private let silences: [SQL] = [
    """
    CREATE TABLE silence (
        id TEXT PRIMARY KEY, tenant TEXT NOT NULL, reason TEXT NOT NULL, starts_at BIGINT NOT NULL,
        ends_at BIGINT NOT NULL, rule_id TEXT REFERENCES rule (id) ON DELETE CASCADE, target_id TEXT, check_type TEXT,
        agent_id TEXT, severity TEXT, created_by TEXT NOT NULL, created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL)
    """,
    "CREATE INDEX silence_by_end ON silence (tenant, ends_at)",
    "CREATE INDEX silence_by_rule ON silence (rule_id)",
]

private let guards: [SQL] =
    ["rule", "incident", "receiver", "silence", "welcome"].flatMap { RowGuard.statements(for: $0) }
    + RowGuard.statements(
        for: "streak",
        where: "EXISTS (SELECT 1 FROM rule WHERE rule.id = rule_id)"
    )
    + RowGuard.statements(
        for: "delivery",
        where: "EXISTS (SELECT 1 FROM incident WHERE incident.id = incident_id)"
    )

/// What a tenant begins with.
func defaults(at now: Timestamp, for tenant: TenantID) -> [SQL] {
    let rule = Rule(
        id: .make(),
        name: "Target is failing",
        metric: .failure,
        comparison: .atLeast,
        threshold: 1,
        consecutive: 3,
        severity: .critical,
        createdAt: now,
        updatedAt: now
    )
    let receiver = Receiver(id: .make(), name: "Log", kind: .log, url: nil, createdAt: now)
    return [rule.insertion(of: tenant), receiver.insertion(of: tenant)]
}
