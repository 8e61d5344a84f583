import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC
import Lifecycle
import Observability
import Synchronization

/// The tables of rules, incidents, receivers, silences and deliveries, and word of their changes.
///
/// Each transaction works for the tenant of the call, and for all where no person calls.
final class AlertBook: Sendable {
    struct Counts: Sendable {
        var rules = 0
        var firing = 0
        var pending = 0
    }

    let limits: AlertingLimits
    /// Gets a new version after every change of the rules.
    let ruleChanges = Latest(())
    /// Gets a new version when there may be something to deliver.
    let deliveryChanges = Latest(())
    private let database: any Database
    private let counted = Mutex(Counts())
    /// Tenants that have had their first rule and receiver.
    private let welcomed = Mutex<Set<TenantID>>([])

    init(_ database: any Database, _ limits: AlertingLimits) {
        self.database = database
        self.limits = limits
    }

    /// As of the last change.
    var counts: Counts { counted.withLock { $0 } }

    func read<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        try await database.read(as: .ofCall, deadline: CallContext.current?.deadline, body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        let (value, counts) = try await database.write(
            as: .ofCall,
            deadline: CallContext.current?.deadline
        ) { connection in
            let value = try body(connection)
            try connection.enter(tenant: RowGuard.everyTenant)
            return (value, try connection.alertCounts())
        }
        counted.withLock { $0 = counts }
        return value
    }

    /// Changes the rules, or what was counted by them; what is evaluated but not committed yet is evaluated again.
    func changeRules<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        let value = try await write { connection in
            let value = try body(connection)
            try connection.execute("UPDATE counter SET value = value + 1 WHERE name = 'revision'")
            return value
        }
        ruleChanges.update(())
        deliveryChanges.update(())
        return value
    }

    /// Gives a tenant that is new here its first rule and receiver; what it deletes stays deleted.
    func welcome(_ tenant: TenantID, at now: Timestamp) async throws {
        guard !welcomed.withLock({ $0.contains(tenant) }) else { return }
        let isKnown: SQL = "SELECT count(*) FROM welcome WHERE tenant = \(tenant.rawValue)"
        if try await read({ try $0.value(isKnown, as: Int.self) }) == 0 {
            try await changeRules { connection in
                guard try connection.value(isKnown, as: Int.self) == 0 else { return }
                try connection.execute("INSERT INTO welcome (tenant) VALUES (\(tenant.rawValue))")
                for statement in defaults(at: now, for: tenant) { try connection.execute(statement) }
            }
        }
        welcomed.withLock { _ = $0.insert(tenant) }
    }
}

extension DatabaseConnection {
    func alertCounts() throws -> AlertBook.Counts {
        AlertBook.Counts(
            rules: try value("SELECT count(*) FROM rule WHERE enabled = 1") ?? 0,
            firing: try value("SELECT count(*) FROM incident WHERE state = 'firing'") ?? 0,
            pending: try value("SELECT count(*) FROM delivery WHERE state = 'pending'") ?? 0
        )
    }

    func counter(_ name: String) throws -> Int? {
        try value("SELECT value FROM counter WHERE name = \(name)")
    }
}

extension DatabaseRow {
    /// A column that holds one word of a closed set.
    func word<Word: RawRepresentable<String>>(_ column: Int, as type: Word.Type = Word.self) throws -> Word {
        let text = try text(column)
        guard let word = Word(rawValue: text) else {
            throw DatabaseError(.corrupt, "\"\(text)\" is no \(Word.self)")
        }
        return word
    }
}
