import Contracts
import Database
import JSONRPC
import Observability

/// Answers `target.*`.
struct TargetCatalog: Sendable {
    let inventory: Inventory
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listTargets, list)
        router.handle(.selectTargets, select)
        router.handle(.getTarget, get)
        router.handle(.createTarget, create)
        router.handle(.updateTarget, update)
        router.handle(.deleteTarget, delete)
        router.handle(.forgetTenantTargets, forget)
    }

    func list(_ filter: TargetFilter) async throws -> TargetPage {
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...1_000)
        var condition: SQL = "tenant = \(try Person.ofCall.tenant.rawValue)"
        if let search = filter.search, !search.isEmpty {
            try checkText(search, "search", 1...200)
            condition = "\(condition) AND search LIKE \(search.likePattern) ESCAPE '!'"
        }
        if let text = filter.labels {
            condition = "\(condition) AND \(inventory.hasLabels(try LabelSelector(text).labels))"
        }
        if let category = filter.category { condition = "\(condition) AND category = \(category)" }
        if let enabled = filter.enabled { condition = "\(condition) AND enabled = \(enabled)" }
        if let text = filter.cursor {
            guard let cursor = TargetCursor(text) else { throw invalid("cursor", "must be one that this method gave") }
            condition = "\(condition) AND (sort_name, id) > (\(cursor.sortName), \(cursor.id))"
        }
        let query: SQL = """
            SELECT \(Target.columns) FROM target WHERE \(condition) ORDER BY sort_name, id LIMIT \(limit + 1)
            """
        var targets = try await inventory.read { try $0.rows(query, Target.init) }
        guard targets.count > limit else { return TargetPage(targets: targets) }
        targets.removeLast()
        return TargetPage(targets: targets, nextCursor: targets.last.map { TargetCursor(after: $0).text })
    }

    func get(_ reference: TargetReference) async throws -> Target {
        let tenant = CallContext.current?.person?.tenant
        return try await inventory.read { connection in
            guard let target = try connection.target(reference.id, visibleTo: tenant) else {
                throw RPCError.noTarget(reference.id)
            }
            return target
        }
    }

    func create(_ new: NewTarget) async throws -> Target {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        let target = Target(new, at: now)
        try target.validate()
        let checks = (new.checks ?? [.default(for: target)]).map { Check($0, of: target, at: now) }
        guard checks.count <= inventory.limits.checksPerTarget else {
            throw invalid("checks", "must be at most \(inventory.limits.checksPerTarget)")
        }
        for (index, check) in checks.enumerated() { try check.validate(in: "checks[\(index)].") }
        return try await inventory.change { [inventory] connection in
            let count = try connection.count("SELECT count(*) FROM target WHERE tenant = \(tenant.rawValue)")
            guard count < inventory.limits.targets else {
                throw RPCError(.conflict, "there are \(count) targets already, which is the limit")
            }
            try connection.counting(target.id, of: tenant, inventory.limits) {
                try connection.insert(target, of: tenant)
                for check in checks { try connection.insert(check, of: tenant) }
            }
            return target
        }
    }

    func update(_ change: TargetChange) async throws -> Target {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await inventory.change { [inventory] connection in
            guard let old = try connection.target(change.id, of: tenant) else { throw RPCError.noTarget(change.id) }
            try old.requireNoKeeper()
            try checkVersion(change.ifUpdatedAt, of: old.updatedAt)
            let target = old.applying(change, at: now)
            try target.validate()
            try connection.counting(target.id, of: tenant, inventory.limits) {
                try connection.update(target, of: tenant)
            }
            return target
        }
    }

    func delete(_ removal: TargetRemoval) async throws -> Empty {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await inventory.change { connection in
            guard let old = try connection.target(removal.id, of: tenant) else {
                throw RPCError.noTarget(removal.id)
            }
            try old.requireNoKeeper()
            try checkVersion(removal.ifUpdatedAt, of: old.updatedAt)
            try connection.remove(removal.id, of: tenant, at: now)
            return Empty()
        }
    }
}

extension TargetCatalog {
    private func select(_ selection: TargetSelection) async throws -> SelectedTargets {
        try checkLabels(selection.labels)
        let query: SQL = """
            SELECT id FROM target
            WHERE tenant = \(selection.tenant.rawValue) AND \(inventory.hasLabels(selection.labels)) ORDER BY id
            """
        return SelectedTargets(
            targetIDs: try await inventory.read { connection in
                try connection.rows(query) { TargetID(rawValue: try $0.text(0)) }
            }
        )
    }

    /// What was measured of them is forgotten as with any target that goes.
    private func forget(_ removed: RemovedTenant) async throws -> Empty {
        let now = now()
        return try await inventory.change { connection in
            let tenant = removed.tenant.rawValue
            try connection.execute(
                """
                INSERT INTO removal (target_id, tenant, removed_at)
                SELECT id, tenant, \(now.microseconds) FROM target WHERE tenant = \(tenant)
                ON CONFLICT (target_id) DO NOTHING
                """
            )
            for table: SQL in ["target", "maintenance", "probe_load"] {
                try connection.execute("DELETE FROM \(table) WHERE tenant = \(tenant)")
            }
            return Empty()
        }
    }
}

extension DatabaseConnection {
    /// Removes a target, and has forgotten what was measured of it.
    func remove(_ target: TargetID, of tenant: TenantID, at now: Timestamp) throws {
        try counting(target, of: tenant, nil) {
            try execute("DELETE FROM target WHERE id = \(target.rawValue)")
        }
        // With the target, so that its measurements go even if this process ends here.
        try execute(
            """
            INSERT INTO removal (target_id, tenant, removed_at)
            VALUES (\(target.rawValue), \(tenant.rawValue), \(now.microseconds))
            ON CONFLICT (target_id) DO NOTHING
            """
        )
    }
}

extension RPCError {
    static func noTarget(_ id: TargetID) -> Self { Self(.notFound, "there is no target \(id)") }
}

extension String {
    /// Matches what contains this text, as the lowercase it is compared with.
    fileprivate var likePattern: String {
        let literal = lowercased().replacing("!", with: "!!").replacing("%", with: "!%").replacing("_", with: "!_")
        return "%\(literal)%"
    }
}

extension NewTargetCheck {
    /// What a target gets when nothing is said: an echo, or a request to the URL that is its address.
    static func `default`(for target: Target) -> Self {
        guard isWebURL(target.address) else { return Self(type: .icmp) }
        var options = CheckOptions()
        options.url = target.address
        return Self(type: .http, options: options)
    }
}
