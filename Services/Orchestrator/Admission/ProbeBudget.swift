import JSON
import JSONRPC

/// Whose probes are counted together.
enum ProbeBudget: String, Sendable {
    /// All that a tenant asks for.
    case tenant
    /// All that one target is sent.
    case target
    /// All that the busiest agent sends, for all tenants.
    case agent
}

extension Inventory.Limits {
    /// Throws `conflict` when `needed` millionths of a probe a second are over the budget, and more than before.
    ///
    /// What asks for less is let through, though the budget be overdrawn: agents that came since may have done that.
    func admit(_ budget: ProbeBudget, _ needed: Int, before: Int) throws(RPCError) {
        let limit =
            switch budget {
            case .tenant: probesPerSecondOfTenant
            case .target: probesPerSecondOfTarget
            case .agent: probesPerSecondOfAgent
            }
        guard needed > before, needed > limit * ProbeLoad.unit else { return }
        guard budget != .agent else {
            // How much it has to do for others is nobody's business.
            throw RPCError(
                .conflict,
                "the busiest agent has no room for this; \(budget.advice)",
                data: ["budget": .string(budget.rawValue), "limit": .int(limit)]
            )
        }
        let whole = (needed + ProbeLoad.unit - 1) / ProbeLoad.unit
        throw RPCError(
            .conflict,
            "this needs \(whole) probes a second of \(budget.scope), and \(limit) is the limit; \(budget.advice)",
            data: ["budget": .string(budget.rawValue), "limit": .int(limit), "needed": .int(whole)]
        )
    }
}

extension ProbeBudget {
    fileprivate var scope: String {
        switch self {
        case .tenant: "the tenant"
        case .target: "the target"
        case .agent: "the busiest agent"
        }
    }

    fileprivate var advice: String {
        switch self {
        case .tenant: "choose longer intervals or fewer agents, or switch off what is not needed"
        case .target: "choose longer intervals or fewer agents, or set max_probes_per_second"
        case .agent: "choose longer intervals, or spread the checks with agents.count"
        }
    }
}
