import Contracts
import Database

/// The right to send to a destination, which one store at a time has of those that share a database.
///
/// All of them count the same rows, so that samples of two would be about everything twice.
struct TelemetryLease: Sendable {
    let database: any Database
    /// Of the destination.
    let name: String
    /// Tells this store from others.
    private let holder = UUIDv7.make().description

    init(_ database: any Database, _ name: String) {
        self.database = database
        self.name = name
    }

    /// Whether this store has it from now on, for so long; with SQLite there is no other.
    func take(_ now: Timestamp, for time: Duration) async throws -> Bool {
        guard try await database.read({ $0.engine }) == .postgres else { return true }
        let (name, holder, end) = (name, holder, now.advanced(by: time))
        return try await database.write(as: defaultTenant) { connection in
            try connection.execute(
                """
                INSERT INTO lease (tenant, name, holder, held_until)
                VALUES (\(defaultTenant), \(name), \(holder), \(end.microseconds))
                ON CONFLICT (tenant, name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
                    WHERE lease.holder = excluded.holder OR lease.held_until < \(now.microseconds)
                """
            ) > 0
        }
    }

    /// Lets another store have it at once.
    func release() async throws {
        guard try await database.read({ $0.engine }) == .postgres else { return }
        _ = try await database.write(as: defaultTenant) { [name, holder] connection in
            try connection.execute(
                "DELETE FROM lease WHERE tenant = \(defaultTenant) AND name = \(name) AND holder = \(holder)"
            )
        }
    }
}
