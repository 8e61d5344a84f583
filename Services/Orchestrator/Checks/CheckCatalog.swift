import Contracts
import Database
import JSONRPC

/// Answers `check.*`.
struct CheckCatalog: Sendable {
    let inventory: Inventory
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listChecks, list)
        router.handle(.createCheck, create)
        router.handle(.updateCheck, update)
        router.handle(.deleteCheck, delete)
    }

    func list(_ filter: CheckFilter) async throws -> CheckList {
        var condition: SQL = "tenant = \(inventory.tenant)"
        if let target = filter.targetID { condition = "\(condition) AND target_id = \(target.rawValue)" }
        let query: SQL = "SELECT \(Check.columns) FROM check_definition WHERE \(condition) ORDER BY target_id, id"
        return CheckList(checks: try await inventory.read { try $0.rows(query, Check.init) })
    }

    func create(_ new: NewCheck) async throws -> Check {
        let now = now()
        return try await inventory.change { [inventory] connection in
            guard let target = try connection.target(new.targetID, of: inventory.tenant) else {
                throw RPCError.noTarget(new.targetID)
            }
            var check = Check(NewTargetCheck(new), of: target)
            (check.createdAt, check.updatedAt) = (now, now)
            try check.validate()
            let count = try connection.count(
                "SELECT count(*) FROM check_definition WHERE target_id = \(target.id.rawValue)"
            )
            guard count < inventory.limits.checksPerTarget else {
                throw RPCError(.conflict, "the target has \(count) checks already, which is the limit")
            }
            try connection.insert(check, of: inventory.tenant)
            return check
        }
    }

    func update(_ change: CheckChange) async throws -> Check {
        let now = now()
        return try await inventory.change { [tenant = inventory.tenant] connection in
            guard let old = try connection.check(change.id, of: tenant) else { throw RPCError.noCheck(change.id) }
            let check = old.applying(change, at: now)
            try check.validate()
            try connection.update(check, of: tenant)
            return check
        }
    }

    func delete(_ reference: CheckReference) async throws -> Empty {
        try await inventory.change { [tenant = inventory.tenant] connection in
            let count = try connection.execute(
                "DELETE FROM check_definition WHERE tenant = \(tenant) AND id = \(reference.id.rawValue)"
            )
            guard count > 0 else { throw RPCError.noCheck(reference.id) }
            return Empty()
        }
    }
}

extension RPCError {
    static func noCheck(_ id: CheckID) -> Self { Self(.notFound, "there is no check \(id)") }
}

extension NewTargetCheck {
    init(_ new: NewCheck) {
        self.init(
            type: new.type,
            intervalMilliseconds: new.intervalMilliseconds,
            timeoutMilliseconds: new.timeoutMilliseconds,
            options: new.options
        )
    }
}
