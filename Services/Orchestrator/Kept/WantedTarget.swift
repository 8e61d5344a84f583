import Contracts
import Database
import JSONRPC

/// A target as it is to be.
struct WantedTarget: Equatable, Sendable {
    var owner: TargetOwner
    var tenant: TenantID
    var name: String
    var address: String
    var description = ""
    var category: String
    var labels: [String: String]
    var enabled = true
    var checks: [NewTargetCheck]
}

extension Inventory {
    /// Makes, changes and removes targets until those of a keeper are the ones that it wants; returns whether any had to be.
    ///
    /// Checks that stay the same stay the same ones, and so does what was measured of them.
    @discardableResult
    func keep(_ wanted: [WantedTarget], of keeper: TargetKeeper, at now: Timestamp) async throws -> Bool {
        guard try await read({ try !$0.kept(by: keeper).isLike(wanted) }) else { return false }
        try await change { connection in
            // As they are by now.
            let kept = try connection.kept(by: keeper)
            let owners = Set(wanted.map(\.owner))
            for old in kept where !owners.contains(old.owner) {
                try connection.remove(old.target.id, of: old.tenant, at: now)
            }
            for target in wanted {
                try connection.keep(target, in: kept.first { $0.owner == target.owner }, at: now)
            }
        }
        return true
    }
}

/// A target that something keeps, as it is.
private struct KeptTarget {
    var owner: TargetOwner
    var tenant: TenantID
    var target: Target
    var checks: [Check]

    func isLike(_ wanted: WantedTarget) -> Bool {
        tenant == wanted.tenant && hasName(of: wanted) && target.address == wanted.address
            && target.description == wanted.description && target.category == wanted.category
            && target.labels == wanted.labels && target.enabled == wanted.enabled
            && checks.count == wanted.checks.count
            && wanted.checks.allSatisfy { check in checks.contains { $0.isLike(check) } }
    }

    /// Also one that it has because another target has the name.
    func hasName(of wanted: WantedTarget) -> Bool {
        target.name == wanted.name || target.name.hasPrefix("\(wanted.name) (")
    }
}

extension [KeptTarget] {
    fileprivate func isLike(_ wanted: [WantedTarget]) -> Bool {
        let known = Dictionary(map { ($0.owner, $0) }) { first, _ in first }
        return count == wanted.count && wanted.allSatisfy { known[$0.owner]?.isLike($0) == true }
    }
}

extension Check {
    fileprivate func isLike(_ wanted: NewTargetCheck) -> Bool {
        type == wanted.type && intervalMilliseconds == wanted.intervalMilliseconds ?? Self.defaultInterval
            && timeoutMilliseconds == wanted.timeoutMilliseconds ?? Self.defaultTimeout
            && options == wanted.options ?? CheckOptions() && agents == wanted.agents
    }
}

extension DatabaseConnection {
    fileprivate func kept(by keeper: TargetKeeper) throws -> [KeptTarget] {
        let pattern = TargetOwner.prefix(of: keeper) + "%"
        let checks = try rows(
            """
            SELECT \(Check.columns) FROM check_definition JOIN target ON target.id = check_definition.target_id
            WHERE target.owner LIKE \(pattern)
            """,
            Check.init
        )
        let ofTarget = Dictionary(grouping: checks, by: \.targetID)
        let query: SQL = "SELECT \(Target.columns), tenant FROM target WHERE owner LIKE \(pattern) ORDER BY id"
        return try rows(query) { row in
            guard let owner = TargetOwner(rawValue: try row.text(10)) else {
                throw DatabaseError(.corrupt, "a target has an unknown owner")
            }
            let target = try Target(row)
            return KeptTarget(
                owner: owner,
                tenant: TenantID(rawValue: try row.text(11)),
                target: target,
                checks: ofTarget[target.id] ?? []
            )
        }
    }

    fileprivate func keep(_ wanted: WantedTarget, in old: KeptTarget?, at now: Timestamp) throws {
        guard let old, old.tenant == wanted.tenant else {
            if let old { try remove(old.target.id, of: old.tenant, at: now) }
            return try make(wanted, at: now)
        }
        guard !old.isLike(wanted) else { return }
        var target = old.target
        target.address = wanted.address
        target.name = try freeName(for: wanted, except: target.id)
        target.description = wanted.description
        target.category = wanted.category
        target.labels = wanted.labels
        target.enabled = wanted.enabled
        target.updatedAt = now
        try counting(target.id, of: wanted.tenant, nil) {
            try update(target, of: wanted.tenant)
            for check in old.checks where !wanted.checks.contains(where: check.isLike) {
                try execute("DELETE FROM check_definition WHERE id = \(check.id.rawValue)")
            }
            for check in wanted.checks where !old.checks.contains(where: { $0.isLike(check) }) {
                try insert(Check(check, of: target, at: now), of: wanted.tenant)
            }
        }
    }

    private func make(_ wanted: WantedTarget, at now: Timestamp) throws {
        var new = NewTarget(address: wanted.address, category: wanted.category)
        new.description = wanted.description
        new.labels = wanted.labels
        new.enabled = wanted.enabled
        var target = Target(new, at: now)
        target.name = try freeName(for: wanted, except: target.id)
        try counting(target.id, of: wanted.tenant, nil) {
            try insert(target, of: wanted.tenant, keptFor: wanted.owner)
            for check in wanted.checks { try insert(Check(check, of: target, at: now), of: wanted.tenant) }
        }
    }

    /// A name and an address are those of one target of a tenant.
    private func freeName(for wanted: WantedTarget, except id: TargetID) throws -> String {
        for name in [wanted.name, "\(wanted.name) (\(wanted.owner.keeper.rawValue))"] {
            let others = try count(
                """
                SELECT count(*) FROM target WHERE tenant = \(wanted.tenant.rawValue) AND address = \(wanted.address)
                    AND name = \(name) AND id <> \(id.rawValue)
                """
            )
            if others == 0 { return name }
        }
        return "\(wanted.name) (\(id))"
    }
}
