import Contracts
import Database
import JSONRPC
import Observability

/// Answers `maintenance.*`.
struct MaintenanceCatalog: Sendable {
    private static let maximumCount = 1_000
    private static let maximumTargets = 1_000
    /// So that what somebody forgot to end does end.
    private static let longest = Duration.seconds(31 * 86_400)
    /// What alerting is told, back and ahead.
    private static let margin = Duration.seconds(3_600)

    let inventory: Inventory
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listMaintenance, list)
        router.handle(.getMaintenance, get)
        router.handle(.createMaintenance, create)
        router.handle(.updateMaintenance, update)
        router.handle(.deleteMaintenance, delete)
        router.handle(.maintenanceCalendar, calendar)
    }

    private func list(_: Empty) async throws -> MaintenanceList {
        let query: SQL = """
            SELECT \(Maintenance.columns) FROM maintenance WHERE tenant = \(try Person.ofCall.tenant.rawValue)
            ORDER BY starts_at DESC, id DESC
            """
        return MaintenanceList(maintenance: try await inventory.read { try $0.rows(query, Maintenance.init) })
    }

    private func get(_ reference: MaintenanceReference) async throws -> Maintenance {
        let tenant = try Person.ofCall.tenant
        return try await inventory.read { try $0.maintenance(reference.id, of: tenant) }
    }

    private func create(_ new: NewMaintenance) async throws -> Maintenance {
        let (person, now) = (try Person.ofCall, now())
        let maintenance = Maintenance(
            id: .make(),
            reason: new.reason,
            from: new.from,
            to: new.to,
            targetIDs: new.targetIDs ?? [],
            labels: new.labels ?? [:],
            createdBy: person.email,
            createdAt: now,
            updatedAt: now
        )
        try validate(maintenance)
        return try await inventory.write { connection in
            try connection.requireTargets(maintenance.targetIDs, of: person.tenant)
            let count = try connection.count(
                "SELECT count(*) FROM maintenance WHERE tenant = \(person.tenant.rawValue)"
            )
            guard count < Self.maximumCount else {
                throw RPCError(.conflict, "there are \(count) already, which is the limit; delete some that have ended")
            }
            try connection.upsert(maintenance, of: person.tenant)
            return maintenance
        }
    }

    private func update(_ change: MaintenanceChange) async throws -> Maintenance {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await inventory.write { connection in
            var maintenance = try connection.maintenance(change.id, of: tenant)
            maintenance.reason = change.reason ?? maintenance.reason
            maintenance.from = change.from ?? maintenance.from
            maintenance.to = change.to ?? maintenance.to
            maintenance.targetIDs = change.targetIDs ?? maintenance.targetIDs
            maintenance.labels = change.labels ?? maintenance.labels
            maintenance.updatedAt = now
            try validate(maintenance)
            if let targets = change.targetIDs { try connection.requireTargets(targets, of: tenant) }
            try connection.upsert(maintenance, of: tenant)
            return maintenance
        }
    }

    private func delete(_ reference: MaintenanceReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        return try await inventory.write { connection in
            let old = try connection.maintenance(reference.id, of: tenant)
            try connection.execute("DELETE FROM maintenance WHERE id = \(old.id.rawValue)")
            return Empty()
        }
    }

    private func calendar(_: Empty) async throws -> MaintenanceCalendar {
        let now = now()
        return try await inventory.read { connection in
            try connection.maintenanceCalendar(
                from: now.advanced(by: .zero - Self.margin),
                to: now.advanced(by: Self.margin)
            )
        }
    }

    private func validate(_ maintenance: Maintenance) throws(RPCError) {
        try checkText(maintenance.reason, "reason", 1...200)
        guard maintenance.from < maintenance.to else { throw invalid("from", "must be before to") }
        guard maintenance.from.duration(to: maintenance.to) <= Self.longest else {
            throw invalid("to", "must be at most 31 days after from")
        }
        try checkNumber(maintenance.targetIDs.count, "target_ids", 0...Self.maximumTargets)
        try checkLabels(maintenance.labels)
        guard !maintenance.targetIDs.isEmpty || !maintenance.labels.isEmpty else {
            throw invalid("target_ids", "must name a target, unless labels do")
        }
    }
}

extension DatabaseConnection {
    /// Throws `notFound` with the first that the tenant does not have.
    fileprivate func requireTargets(_ ids: [TargetID], of tenant: TenantID) throws {
        for id in ids where try target(id, of: tenant) == nil { throw RPCError.noTarget(id) }
    }
}
