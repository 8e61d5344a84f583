import Contracts
import Database
import JSON
import JSONRPC
import Observability

/// Answers `check.*`.
struct CheckCatalog: Sendable {
    let inventory: Inventory
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listChecks, list)
        router.handle(.createCheck, create)
        router.handle(.updateCheck, update)
        router.handle(.deleteCheck, delete)
        router.handle(.listCheckOwners, owners)
        router.handle(.listCheckHours, hours)
    }

    private func hours(_ query: CheckHoursQuery) async throws -> CheckHours {
        try checkNumber(query.checkIDs.count, "check_ids", 1...1_000)
        guard query.from < query.to else { throw invalid("from", "must be before to") }
        let schedules = try await inventory.read { try $0.schedules(of: query.checkIDs) }
        let known = try await Self.spans(of: Set(schedules.values), from: query.from, to: query.to)
        return CheckHours(hours: query.checkIDs.map { check in schedules[check].flatMap { known[$0] ?? nil } })
    }

    /// Years of many windows take a while, which is not the loop's.
    @concurrent
    private static func spans(
        of schedules: Set<Schedule>,
        from: Timestamp,
        to: Timestamp
    ) async throws -> [Schedule: [CheckHours.Span]?] {
        var known: [Schedule: [CheckHours.Span]?] = [:]
        for schedule in schedules {
            try Task.checkCancellation()
            known[schedule] = .some(try ScheduleTimes(schedule).spans(from: from, to: to))
        }
        return known
    }

    private func owners(_ query: CheckOwnerQuery) async throws -> CheckOwnerList {
        try checkNumber(query.checks.count, "checks", 1...1_000)
        let tenants = try await inventory.read { connection in
            try connection.owners(of: query.checks.map(\.checkID), for: query.agentID)
        }
        return CheckOwnerList(tenants: query.checks.map { tenants[$0] })
    }

    func list(_ filter: CheckFilter) async throws -> CheckList {
        var condition = Self.visibleToCaller
        if let target = filter.targetID { condition = "\(condition) AND target_id = \(target.rawValue)" }
        let query: SQL = "SELECT \(Check.columns) FROM check_definition WHERE \(condition) ORDER BY target_id, id"
        var plan = SchedulePlan(at: now())
        let checks = try await inventory.read { try $0.rows(query, Check.init) }
        return CheckList(checks: try checks.map { try $0.shown(&plan) })
    }

    /// A person sees what is the tenant's; a service sees all.
    private static var visibleToCaller: SQL {
        guard let person = CallContext.current?.person else { return "1 = 1" }
        return "tenant = \(person.tenant.rawValue)"
    }

    func create(_ new: NewCheck) async throws -> Check {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await inventory.change { [inventory] connection in
            guard let target = try connection.target(new.targetID, of: tenant) else {
                throw RPCError.noTarget(new.targetID)
            }
            try target.requireNoKeeper()
            let check = Check(NewTargetCheck(new), of: target, at: now)
            try check.validate()
            let count = try connection.count(
                "SELECT count(*) FROM check_definition WHERE target_id = \(target.id.rawValue)"
            )
            guard count < inventory.limits.checksPerTarget else {
                throw RPCError(.conflict, "the target has \(count) checks already, which is the limit")
            }
            try connection.counting(target.id, of: tenant, inventory.limits) {
                try connection.insert(check, of: tenant)
            }
            return try check.shown(at: now)
        }
    }

    func update(_ change: CheckChange) async throws -> Check {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await inventory.change { [inventory] connection in
            guard let old = try connection.check(change.id, of: tenant) else { throw RPCError.noCheck(change.id) }
            try connection.target(old.targetID, of: tenant)?.requireNoKeeper()
            let check = old.applying(change, at: now)
            try check.validate()
            try connection.counting(check.targetID, of: tenant, inventory.limits) {
                try connection.update(check, of: tenant)
            }
            return try check.shown(at: now)
        }
    }

    func delete(_ reference: CheckReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        return try await inventory.change { connection in
            guard let old = try connection.check(reference.id, of: tenant) else {
                throw RPCError.noCheck(reference.id)
            }
            try connection.target(old.targetID, of: tenant)?.requireNoKeeper()
            try connection.counting(old.targetID, of: tenant, nil) {
                try connection.execute("DELETE FROM check_definition WHERE id = \(old.id.rawValue)")
            }
            return Empty()
        }
    }
}

extension Check {
    /// With what its schedule says now.
    fileprivate func shown(_ plan: inout SchedulePlan) throws -> Check {
        var check = self
        check.isActive = try schedule.map { try plan.isActive($0) }
        return check
    }

    fileprivate func shown(at now: Timestamp) throws -> Check {
        var plan = SchedulePlan(at: now)
        return try shown(&plan)
    }
}

extension RPCError {
    static func noCheck(_ id: CheckID) -> Self { Self(.notFound, "there is no check \(id)") }
}

extension DatabaseConnection {
    /// Whose those checks are that an agent may run.
    fileprivate func owners(
        of checks: [CheckID],
        for agent: AgentID
    ) throws -> [CheckOwnerQuery.CheckOfTarget: TenantID] {
        var tenants: [CheckOwnerQuery.CheckOfTarget: TenantID] = [:]
        guard let labels = try knownAgent(agent)?.labels else { return tenants }
        let ids = checks.map(\.rawValue)
        try query("SELECT id, target_id, tenant, agents FROM check_definition WHERE id IN (\(list: ids))") { row in
            let selector = row.isNull(3) ? nil : try decodeJSON(AgentSelector.self, from: try row.text(3).utf8)
            guard selector?.matches(labels) ?? true else { return }
            let check = CheckID(rawValue: try row.text(0))
            let target = TargetID(rawValue: try row.text(1))
            tenants[.init(checkID: check, targetID: target)] = TenantID(rawValue: try row.text(2))
        }
        return tenants
    }

    fileprivate func schedules(of checks: [CheckID]) throws -> [CheckID: Schedule] {
        let ids = checks.map(\.rawValue)
        let found = try rows(
            """
            SELECT id, schedule FROM check_definition WHERE schedule IS NOT NULL AND id IN (\(list: ids))
            """
        ) { row in
            (CheckID(rawValue: try row.text(0)), try decodeJSON(Schedule.self, from: try row.text(1).utf8))
        }
        return Dictionary(found) { $1 }
    }
}

extension NewTargetCheck {
    init(_ new: NewCheck) {
        self.init(
            type: new.type,
            intervalMilliseconds: new.intervalMilliseconds,
            timeoutMilliseconds: new.timeoutMilliseconds,
            options: new.options,
            agents: new.agents,
            schedule: new.schedule,
            enabled: new.enabled
        )
    }
}
