import Contracts
import Database
import JSON
import JSONRPC

extension DatabaseConnection {
    /// Different selectors of one tenant: each is matched with each agent at every change.
    private static var maximumSelectors: Int { 500 }

    /// Makes a change of one target or its checks, and keeps count of the probes that they ask for.
    ///
    /// Throws `conflict` when more are asked for than before and a budget has no room for them; without limits, never.
    @discardableResult
    func counting<T>(
        _ target: TargetID,
        of tenant: TenantID,
        _ limits: Inventory.Limits?,
        _ change: () throws -> T
    ) throws -> T {
        let before = try demand(of: target)
        let value = try change()
        let after = try demand(of: target)
        guard before != after else { return value }
        let difference = after.load - before.load
        for (selector, rate) in difference.rates { try add(rate, of: selector, to: tenant) }
        guard let limits else { return value }
        let (own, every) = (try load(of: tenant), try load(of: nil))
        guard own.rates.count <= Self.maximumSelectors else {
            throw RPCError(
                .conflict,
                "the checks of the tenant choose agents in more than \(Self.maximumSelectors) different ways, which is the limit"
            )
        }
        let selectors = try every.selectors(beside: [before.load, before.own, after.own])
        let fleet = try fleet(withLabels: selectors.values.contains { $0.labels != nil })
        try limits.admit(
            .target,
            after.total(of: fleet, selectors),
            before: before.total(of: fleet, selectors)
        )
        try limits.admit(
            .tenant,
            own.total(of: fleet, selectors),
            before: (own - difference).total(of: fleet, selectors)
        )
        try limits.admit(
            .agent,
            every.most(of: fleet, selectors),
            before: (every - difference).most(of: fleet, selectors)
        )
        return value
    }

    /// Counts anew what all checks ask for, also those from before their rates were written down.
    func recountProbes() throws {
        let uncounted: SQL = "SELECT \(Check.columns) FROM check_definition WHERE rate IS NULL"
        for check in try rows(uncounted, Check.init) {
            try execute("UPDATE check_definition SET rate = \(check.rate) WHERE id = \(check.id.rawValue)")
        }
        try execute("DELETE FROM probe_load")
        let targets = try rows("SELECT id, tenant FROM target WHERE enabled = 1") { row in
            (TargetID(rawValue: try row.text(0)), TenantID(rawValue: try row.text(1)))
        }
        var loads: [TenantID: [String: Int]] = [:]
        for (target, tenant) in targets {
            loads[tenant, default: [:]].merge(try demand(of: target).load.rates) { $0 + $1 }
        }
        for (tenant, rates) in loads {
            for (selector, rate) in rates { try add(rate, of: selector, to: tenant) }
        }
    }

    private func demand(of target: TargetID) throws -> TargetDemand {
        var (rates, limit) = ([String: Int](), Double?.none)
        try query(
            """
            SELECT check_definition.agents, CAST(sum(rate) AS BIGINT), target.max_rate
            FROM check_definition JOIN target ON target.id = check_definition.target_id
            WHERE target_id = \(target.rawValue) AND target.enabled = 1 AND check_definition.enabled = 1
            GROUP BY check_definition.agents, target.max_rate
            """
        ) { row in
            rates[row.isNull(0) ? "" : try row.text(0)] = try row[1]
            limit = try row[2]
        }
        return TargetDemand(own: ProbeLoad(rates: rates), limit: limit.map { Int($0 * Double(ProbeLoad.unit)) })
    }

    /// What a tenant asks for, or all of them together.
    private func load(of tenant: TenantID?) throws -> ProbeLoad {
        var rates: [String: Int] = [:]
        let condition: SQL = if let tenant { "tenant = \(tenant.rawValue)" } else { "1 = 1" }
        try query("SELECT agents, CAST(sum(rate) AS BIGINT) FROM probe_load WHERE \(condition) GROUP BY agents") {
            row in
            rates[try row.text(0)] = try row[1]
        }
        return ProbeLoad(rates: rates)
    }

    private func add(_ rate: Int, of selector: String, to tenant: TenantID) throws {
        try execute(
            """
            INSERT INTO probe_load (tenant, agents, rate) VALUES (\(tenant.rawValue), \(selector), \(rate))
            ON CONFLICT (tenant, agents) DO UPDATE SET rate = probe_load.rate + excluded.rate
            """
        )
        try execute("DELETE FROM probe_load WHERE tenant = \(tenant.rawValue) AND agents = \(selector) AND rate = 0")
    }

    private func fleet(withLabels: Bool) throws -> ProbeLoad.Fleet {
        guard withLabels else {
            let count = try count("SELECT count(*) FROM agent WHERE mode <> 'stopped'")
            return ProbeLoad.Fleet(Array(repeating: [:], count: count))
        }
        return ProbeLoad.Fleet(try agents().filter { $0.mode != .stopped }.map(\.labels))
    }
}

/// What one target asks for.
private struct TargetDemand: Equatable {
    var own: ProbeLoad
    /// What all agents together may send it, whatever its checks ask for.
    var limit: Int?

    /// What it takes of the budgets of the tenant and the agents.
    ///
    /// A limit counts in full: who shares it changes with every agent, and what is counted must not.
    var load: ProbeLoad {
        guard let limit, !own.rates.isEmpty else { return own }
        return ProbeLoad(rates: [#"{"count":1}"#: limit])
    }

    func total(of fleet: ProbeLoad.Fleet, _ selectors: [String: AgentSelector]) -> Int {
        let total = own.total(of: fleet, selectors)
        return limit.map { min($0, total) } ?? total
    }
}

extension ProbeLoad {
    /// What the texts of selectors mean.
    fileprivate func selectors(beside others: [ProbeLoad]) throws -> [String: AgentSelector] {
        var selectors: [String: AgentSelector] = [:]
        for key in ([self] + others).flatMap(\.rates.keys) where !key.isEmpty && selectors[key] == nil {
            selectors[key] = try decodeJSON(AgentSelector.self, from: key.utf8)
        }
        return selectors
    }
}
