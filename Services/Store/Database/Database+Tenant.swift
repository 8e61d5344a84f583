import Contracts
import Database
import JSON
import JSONRPC

extension RPCError {
    /// So many calls wait for the database that no more may.
    static let databaseBusy = RPCError(.busy, "too many calls wait for the database", data: ["retry_after_ms": 250])
}

extension Database {
    func read<T: Sendable>(
        as tenant: TenantID,
        deadline: ContinuousClock.Instant? = nil,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await read(as: tenant.rawValue, deadline: deadline, body)
    }

    func write<T: Sendable>(
        as tenant: TenantID,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await write(as: tenant.rawValue, body)
    }
}

/// What only one store at a time does, of those that share a database.
enum StoreLock: String {
    /// Adding to the log, so that commits have an order in which they become visible.
    case log
    /// Changing chunks and roll-ups.
    case chunks
}

extension DatabaseConnection {
    /// Keeps other stores from what `lock` is about until the transaction ends; SQLite has one writer anyway.
    func take(_ lock: StoreLock) throws {
        guard engine == .postgres else { return }
        let name = "sonde store \(lock.rawValue) "
        try execute("SELECT pg_advisory_xact_lock(hashtextextended(\(name) || current_schema(), 0))")
    }
}
