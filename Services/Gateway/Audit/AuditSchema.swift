import Database

/// What was recorded stays as it is: rows are added, and go when they are older than the horizon, which only moves on
/// and never comes nearer than a day.
enum AuditSchema {
    static let sqlite: [SQL] = [
        table("INTEGER PRIMARY KEY AUTOINCREMENT"),
        "CREATE INDEX audit_by_tenant ON audit (tenant, id)",
        "CREATE TABLE audit_horizon (id INTEGER PRIMARY KEY CHECK (id = 1), time BIGINT NOT NULL)",
        "INSERT INTO audit_horizon (id, time) VALUES (1, 0)",
        """
        CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'an audit row never changes'); END
        """,
        """
        CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN old.time >= (SELECT time FROM audit_horizon)
        BEGIN SELECT RAISE(ABORT, 'an audit row is kept until the horizon has passed it'); END
        """,
        """
        CREATE TRIGGER audit_horizon_moves_on BEFORE UPDATE ON audit_horizon
        WHEN new.time < old.time OR new.time > (unixepoch() - 86400) * 1000000
        BEGIN SELECT RAISE(ABORT, 'the horizon moves on, and stays a day behind'); END
        """,
        """
        CREATE TRIGGER audit_horizon_stays BEFORE DELETE ON audit_horizon
        BEGIN SELECT RAISE(ABORT, 'there is one horizon'); END
        """,
    ]

    /// The same rows; that they stay is a matter of grants there: INSERT and SELECT for the gateway's role.
    static let postgres: [SQL] = [
        table("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
        "CREATE INDEX audit_by_tenant ON audit (tenant, id)",
        "CREATE TABLE audit_horizon (id INTEGER PRIMARY KEY CHECK (id = 1), time BIGINT NOT NULL)",
        "INSERT INTO audit_horizon (id, time) VALUES (1, 0)",
    ]

    private static func table(_ key: String) -> SQL {
        SQL(
            trusted: """
                CREATE TABLE audit (
                    id \(key), time BIGINT NOT NULL, tenant TEXT, person_id TEXT, email TEXT, token_id TEXT,
                    address TEXT NOT NULL, method TEXT NOT NULL, ids TEXT NOT NULL, code INTEGER)
                """
        )
    }
}
