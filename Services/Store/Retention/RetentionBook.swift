import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Answers `retention.*`: how long what a tenant has is kept.
///
/// From the answer on nothing that has expired is shown; `Pruning` removes it.
struct RetentionBook: Sendable {
    let database: any Database
    let table: RetentionTable
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.getRetention) { _ in table.rules.retention(of: try Person.ofCall.tenant) }
        router.handle(.updateRetention) { change in
            try await update(try Person.ofCall.tenant) { retention, _, limit in
                retention.own = try retention.own.changed(by: change, within: limit)
            }
        }
        router.handle(.getTenantRetention) { tenant in table.rules.retention(of: tenant.id) }
        router.handle(.limitTenantRetention) { limits in
            try await update(limits.id) { retention, longest, _ in
                retention.limit = try retention.limit.changed(by: limits.change, within: longest)
            }
        }
    }

    /// `change` is given what is said of the tenant, the longest that any may have things kept, and the longest that
    /// this one may.
    private func update(
        _ tenant: TenantID,
        _ change: @escaping @Sendable (inout TenantRetention, RetentionDays, RetentionDays) throws -> Void
    ) async throws -> Retention {
        let (now, settings) = (now(), table.rules.settings)
        // The number of changes is no tenant's.
        try await database.write(as: .every) { connection in
            try connection.countRetentionChange()
            var rules = RetentionRules(settings: settings)
            rules.tenants = try connection.tenantRetentions(of: tenant)
            var retention = rules.tenants[tenant] ?? TenantRetention()
            retention.expired = rules.expiredDays(of: tenant, at: now)
            try change(&retention, settings.wholeDays, rules.retention(of: tenant).limit)
            try connection.save(retention, of: tenant)
        }
        try await database.read(as: .every) { [table] connection in try table.catchUp(on: connection) }
        return table.rules.retention(of: tenant)
    }
}

extension RetentionChange {
    /// Throws `invalidParams` for what is too long or too short.
    fileprivate func changed(by change: Self, within limit: RetentionDays) throws(RPCError) -> Self {
        var changed = self
        for part in Self.parts {
            guard let days = change[keyPath: part.own] else { continue }
            let longest = limit[keyPath: part.limit]
            try checkNumber(days, part.field, 1...longest)
            changed[keyPath: part.own] = days == longest ? nil : days
        }
        for (shorter, longer) in zip(Self.parts, Self.parts.dropFirst())
        where change[keyPath: shorter.own] != nil || change[keyPath: longer.own] != nil {
            let least = min(changed[keyPath: shorter.own] ?? .max, limit[keyPath: shorter.limit])
            let most = min(changed[keyPath: longer.own] ?? .max, limit[keyPath: longer.limit])
            guard least > most else { continue }
            if change[keyPath: longer.own] != nil {
                throw invalid(longer.field, "must be at least \(shorter.field), which is \(least)")
            }
            throw invalid(shorter.field, "must be at most \(longer.field), which is \(most)")
        }
        return changed
    }

    private struct Part {
        let field: String
        let own: WritableKeyPath<RetentionChange, Int?>
        let limit: KeyPath<RetentionDays, Int>
    }

    /// From the finest to the coarsest.
    private static var parts: [Part] {
        [
            Part(field: "row_days", own: \.rows, limit: \.rows),
            Part(field: "minute_days", own: \.minutes, limit: \.minutes),
            Part(field: "hour_days", own: \.hours, limit: \.hours),
            Part(field: "day_days", own: \.days, limit: \.days),
        ]
    }
}
