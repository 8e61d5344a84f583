public import Contracts
public import Database

extension Database {
    /// Reads as a tenant: where the engine guards rows, it shows those of this one alone.
    public func read<T: Sendable>(
        as tenant: TenantID,
        deadline: ContinuousClock.Instant? = nil,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await read(deadline: deadline) { connection in
            try connection.enter(tenant: tenant.rawValue)
            return try body(connection)
        }
    }

    public func write<T: Sendable>(
        as tenant: TenantID,
        deadline: ContinuousClock.Instant? = nil,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await write(deadline: deadline) { connection in
            try connection.enter(tenant: tenant.rawValue)
            return try body(connection)
        }
    }
}
