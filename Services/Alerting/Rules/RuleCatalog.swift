import Contracts
import Database
import JSONRPC

/// Answers `rule.*`.
struct RuleCatalog: Sendable {
    let book: AlertBook
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listRules, list)
        router.handle(.createRule, create)
        router.handle(.updateRule, update)
        router.handle(.deleteRule, delete)
    }

    func list(_: Empty) async throws -> RuleList {
        let tenant = try Person.ofCall.tenant
        try await book.welcome(tenant, at: now())
        return RuleList(rules: try await book.read { try $0.rules(of: tenant) })
    }

    func create(_ new: NewRule) async throws -> Rule {
        let tenant = try Person.ofCall.tenant
        let rule = Rule(new, at: now())
        try rule.validate()
        return try await book.changeRules { [limit = book.limits.rules] connection in
            let count: Int = try connection.value("SELECT count(*) FROM rule WHERE tenant = \(tenant.rawValue)") ?? 0
            guard count < limit else {
                throw RPCError(.conflict, "there are \(count) rules already, which is the limit")
            }
            try connection.execute(rule.insertion(of: tenant))
            return rule
        }
    }

    func update(_ change: RuleChange) async throws -> Rule {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await book.changeRules { connection in
            guard let old = try connection.rule(change.id, of: tenant) else {
                throw RPCError.noRule(change.id)
            }
            let rule = old.applying(change, at: now)
            try rule.validate()
            try connection.update(rule, of: tenant)
            if !rule.enabled {
                try connection.resolveIncidents(of: rule.id, at: now)
            } else if (old.threshold, old.consecutive) != (rule.threshold, rule.consecutive) {
                try connection.restartStreaks(of: rule.id)
            }
            return rule
        }
    }

    func delete(_ reference: RuleReference) async throws -> Empty {
        let (tenant, now) = (try Person.ofCall.tenant, now())
        return try await book.changeRules { connection in
            guard try connection.rule(reference.id, of: tenant) != nil else { throw RPCError.noRule(reference.id) }
            try connection.resolveIncidents(of: reference.id, at: now)
            try connection.execute("DELETE FROM rule WHERE id = \(reference.id.rawValue)")
            return Empty()
        }
    }
}

extension RPCError {
    static func noRule(_ id: RuleID) -> Self { Self(.notFound, "there is no rule \(id)") }
}
