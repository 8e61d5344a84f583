import Glibc

/// One step of a schema's history.
///
/// Steps are numbered from 1 without gaps and never change once released.
public struct Migration: Sendable {
    public let version: Int
    public let name: String
    private let sqlite: [SQL]
    private let postgres: [SQL]

    /// A step whose statements, one a string, are the same for every engine.
    public init(_ version: Int, _ name: String, _ statements: [SQL]) {
        self.init(version, name, sqlite: statements, postgres: statements)
    }

    /// A step that engines take in different words.
    public init(_ version: Int, _ name: String, sqlite: [SQL], postgres: [SQL]) {
        self.version = version
        self.name = name
        self.sqlite = sqlite
        self.postgres = postgres
    }

    func statements(for engine: DatabaseEngine) -> [SQL] {
        switch engine {
        case .sqlite: sqlite
        case .postgres: postgres
        }
    }
}

extension Database {
    /// Brings the schema up to the last of `migrations`, each step in a transaction of its own.
    ///
    /// Returns the number of steps taken: none when it is up to date. Throws `.newerSchema` when the database has a
    /// step that is not in the list, and `.failed` when a step there has another name.
    @discardableResult
    public func migrate(_ migrations: [Migration]) async throws -> Int {
        precondition(migrations.map(\.version) == Array(1..<migrations.count + 1), "migrations have gaps")
        _ = try await write { connection in
            try connection.lockMigrations()
            return try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migration (
                    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)
                """
            )
        }
        var steps = 0
        for migration in migrations {
            let isNew = try await write { try $0.apply(migration, of: migrations) }
            if isNew { steps += 1 }
        }
        return steps
    }
}

extension DatabaseConnection {
    /// Takes one step unless it was taken before.
    fileprivate func apply(_ migration: Migration, of migrations: [Migration]) throws -> Bool {
        try lockMigrations()
        let applied: Int = try value("SELECT coalesce(max(version), 0) FROM schema_migration") ?? 0
        guard applied <= migrations.count else {
            throw DatabaseError(
                .newerSchema,
                "the database has schema version \(applied), this program knows \(migrations.count); run a newer version"
            )
        }
        if let name: String = try value("SELECT name FROM schema_migration WHERE version = \(migration.version)") {
            guard name == migration.name else {
                throw DatabaseError(
                    .failed,
                    "schema version \(migration.version) is \"\(name)\" in the database, here \"\(migration.name)\""
                )
            }
            return false
        }
        // What it does with rows, it does with those of all tenants.
        try enter(tenant: RowGuard.everyTenant)
        try executeAll(migration.statements(for: engine))
        try execute(
            """
            INSERT INTO schema_migration (version, name, applied_at)
            VALUES (\(migration.version), \(migration.name), \(microsecondsSince1970()))
            """
        )
        return true
    }

    /// Keeps other processes from migrating the same schema until the transaction ends.
    fileprivate func lockMigrations() throws {
        // SQLite's file is open in one process, and has one writer.
        guard engine == .postgres else { return }
        try execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('schema_migration ' || coalesce(current_schema(), ''), 0))"
        )
    }

    private func microsecondsSince1970() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
