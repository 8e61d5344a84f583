import Contracts
import Database
import DatabaseCalls

/// The right to do something that one store at a time does, of those that share a database.
struct Lease: Sendable {
    let database: any Database
    /// Of what is done.
    let name: String
    /// Tells this store from others.
    private let holder = UUIDv7.make().description

    init(_ database: any Database, _ name: String) {
        self.database = database
        self.name = name
    }

    /// Whether this store has it from now on, for so long; with SQLite there is no other.
    func take(_ now: Timestamp, for time: Duration) async throws -> Bool {
        guard database.engine == .postgres else { return true }
        let (name, holder, end) = (name, holder, now.advanced(by: time))
        // No store that is up holds it for so long: a clock was set back, and would keep all others from it.
        let latest = end.advanced(by: time)
        return try await database.write(as: .every) { connection in
            try connection.execute(
                """
                INSERT INTO lease (tenant, name, holder, held_until)
                VALUES (\(TenantID.every.rawValue), \(name), \(holder), \(end.microseconds))
                ON CONFLICT (tenant, name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
                    WHERE lease.holder = excluded.holder OR lease.held_until < \(now.microseconds)
                        OR lease.held_until > \(latest.microseconds)
                """
            ) > 0
        }
    }

    /// Holds it until `end`, if this store has it, once a transaction is committed.
    func extend(to end: Timestamp, on connection: any DatabaseConnection) throws {
        guard connection.engine == .postgres else { return }
        try connection.execute(
            """
            UPDATE lease SET held_until = \(end.microseconds)
            WHERE tenant = \(TenantID.every.rawValue) AND name = \(name) AND holder = \(holder)
            """
        )
    }

    /// Lets another store have it at once.
    func release() async throws {
        guard database.engine == .postgres else { return }
        _ = try await database.write(as: .every) { [name, holder] connection in
            try connection.execute(
                "DELETE FROM lease WHERE tenant = \(TenantID.every.rawValue) AND name = \(name) AND holder = \(holder)"
            )
        }
    }
}
