import Contracts
import Database
import Synchronization

/// The rules of retention in memory, as the database has them.
final class RetentionTable: Sendable {
    private struct State {
        var rules: RetentionRules
        /// The number of the last change that is known.
        var number = 0
    }

    private let state: Mutex<State>

    init(_ settings: RetentionSettings) {
        state = Mutex(State(rules: RetentionRules(settings: settings)))
    }

    var rules: RetentionRules { state.withLock(\.rules) }

    func expiredDays(of tenant: TenantID, at now: Timestamp) -> ExpiredDays {
        rules.expiredDays(of: tenant, at: now)
    }

    /// Takes note of what has changed, as a transaction sees it.
    func catchUp(on connection: any DatabaseConnection) throws {
        let number = try connection.retentionNumber()
        guard state.withLock({ $0.number < number }) else { return }
        let tenants = try connection.tenantRetentions()
        state.withLock { state in
            guard state.number < number else { return }
            state.number = number
            state.rules.tenants = tenants
        }
    }
}

extension DatabaseConnection {
    fileprivate func retentionNumber() throws -> Int {
        try value("SELECT number FROM retention_change WHERE tenant = \(TenantID.every.rawValue)") ?? 0
    }

    /// Of all tenants of which something is said, or of one.
    func tenantRetentions(of tenant: TenantID? = nil) throws -> [TenantID: TenantRetention] {
        var tenants: [TenantID: TenantRetention] = [:]
        let condition: SQL = tenant.map { "WHERE tenant = \($0.rawValue)" } ?? ""
        try query("SELECT tenant, part, rows, minutes, hours, days FROM retention \(condition)") { row in
            let tenant = TenantID(rawValue: try row.text(0))
            func number(_ column: Int) throws -> Int64? { row.isNull(column) ? nil : try row.integer(column) }
            let numbers = try (2...5).map(number)
            let change = RetentionChange(
                rows: numbers[0].map(Int.init),
                minutes: numbers[1].map(Int.init),
                hours: numbers[2].map(Int.init),
                days: numbers[3].map(Int.init)
            )
            switch try row.text(1) {
            case "own": tenants[tenant, default: TenantRetention()].own = change
            case "limit": tenants[tenant, default: TenantRetention()].limit = change
            default:
                tenants[tenant, default: TenantRetention()].expired = ExpiredDays(
                    rows: numbers[0] ?? .min,
                    minutes: numbers[1] ?? .min,
                    hours: numbers[2] ?? .min,
                    days: numbers[3] ?? .min
                )
            }
        }
        return tenants
    }

    /// Counts a change; others who change something wait until the transaction ends.
    func countRetentionChange() throws {
        try execute(
            """
            INSERT INTO retention_change (tenant, number) VALUES (\(TenantID.every.rawValue), 1)
            ON CONFLICT (tenant) DO UPDATE SET number = retention_change.number + 1
            """
        )
    }

    func save(_ retention: TenantRetention, of tenant: TenantID) throws {
        try execute(.save(retention.own, "own", of: tenant))
        try execute(.save(retention.limit, "limit", of: tenant))
        guard let expired = retention.expired else { return }
        let days = RetentionChange(
            rows: Int(expired.rows),
            minutes: Int(expired.minutes),
            hours: Int(expired.hours),
            days: Int(expired.days)
        )
        try execute(.save(days, "expired", of: tenant))
    }

    func removeRetention(of tenant: TenantID) throws {
        try countRetentionChange()
        try execute("DELETE FROM retention WHERE tenant = \(tenant.rawValue)")
    }
}

extension SQL {
    fileprivate static func save(_ days: RetentionChange, _ part: String, of tenant: TenantID) -> SQL {
        """
        INSERT INTO retention (tenant, part, rows, minutes, hours, days)
        VALUES (\(tenant.rawValue), \(part), \(days.rows), \(days.minutes), \(days.hours), \(days.days))
        ON CONFLICT (tenant, part) DO UPDATE SET rows = excluded.rows, minutes = excluded.minutes,
            hours = excluded.hours, days = excluded.days
        """
    }
}
