import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC
import Lifecycle
import Observability

/// The tables of targets, checks and agents, and word of their changes.
///
/// A change and the next revision of the assignments are one transaction, so a revision names one state for ever. Each
/// transaction works for the tenant of the call, and for all where no person calls.
public final class Inventory: Sendable {
    public struct Limits: Sendable {
        public var targets = 10_000
        public var checksPerTarget = 50
        public var agents = 1_000
        /// Probes a second that may be asked for: by a tenant, of a target, of an agent.
        public var probesPerSecondOfTenant = 20_000
        public var probesPerSecondOfTarget = 1_000
        public var probesPerSecondOfAgent = 20_000

        public init() {}
    }

    let limits: Limits
    /// Gets a new version after every committed change.
    let changes = Latest(())
    private let database: any Database

    init(_ database: any Database, _ limits: Limits) {
        self.database = database
        self.limits = limits
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        try await database.read(as: .ofCall, deadline: CallContext.current?.deadline, body)
    }

    /// Changes what does not concern the assignments.
    func write<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        try await database.write(as: .ofCall, deadline: CallContext.current?.deadline, body)
    }

    /// Changes what agents are to run; they are told of it.
    func change<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        let value = try await write { connection in
            let value = try body(connection)
            try connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'revision'")
            return value
        }
        changes.update(())
        return value
    }

    /// That a target's labels, which are JSON, have all of these, which `checkLabels` has passed.
    func hasLabels(_ labels: [String: String]) -> SQL {
        labels.sorted { $0.key < $1.key }.reduce("1 = 1") { condition, label in
            switch database.engine {
            case .sqlite:
                // Quoted in the path, so that a point is part of the key, which has no quotes.
                let path = "$.\"\(label.key)\""
                return "\(condition) AND json_extract(labels, \(path)) = \(label.value)"
            case .postgres: return "\(condition) AND labels::jsonb ->> \(label.key) = \(label.value)"
            }
        }
    }
}

extension DatabaseConnection {
    func count(_ sql: SQL) throws -> Int {
        try value(sql) ?? 0
    }

    /// Runs a change that another row with the same name or address may refuse.
    func executeUnique(_ sql: SQL, orConflict message: @autoclosure () -> String) throws {
        do {
            try execute(sql)
        } catch let error where error.constraint == .unique {
            throw RPCError(.conflict, message())
        }
    }
}
