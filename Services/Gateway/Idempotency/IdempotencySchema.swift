import Database

/// The keys that were used lately, and what was answered; `status` is null while the call is under way.
func idempotencySchema(bytes: String) -> [SQL] {
    [
        SQL(
            trusted: """
                CREATE TABLE idempotency_key (
                    person_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint \(bytes) NOT NULL,
                    created_at BIGINT NOT NULL, status INTEGER, fields TEXT, body \(bytes),
                    PRIMARY KEY (person_id, key))
                """
        ),
        "CREATE INDEX idempotency_key_by_time ON idempotency_key (created_at)",
    ]
}
