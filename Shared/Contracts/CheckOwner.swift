public import JSONRPC

/// Which checks an agent has measurements of.
public struct CheckOwnerQuery: Codable, Equatable, RPCPayload {
    public struct CheckOfTarget: Codable, Hashable, Sendable {
        public var checkID: CheckID
        public var targetID: TargetID

        enum CodingKeys: String, CodingKey {
            case checkID = "check_id"
            case targetID = "target_id"
        }

        public init(checkID: CheckID, targetID: TargetID) {
            self.checkID = checkID
            self.targetID = targetID
        }
    }

    public var agentID: AgentID
    /// From 1 to 1,000.
    public var checks: [CheckOfTarget]

    enum CodingKeys: String, CodingKey {
        case checks
        case agentID = "agent_id"
    }

    public init(agentID: AgentID, checks: [CheckOfTarget]) {
        self.agentID = agentID
        self.checks = checks
    }
}

public struct CheckOwnerList: Codable, Equatable, RPCPayload {
    /// One for each check, in the order in which they were asked for; null for one that there is not, that is of another
    /// target, or that the agent is not to run.
    ///
    /// Whose a check is never changes.
    public var tenants: [TenantID?]

    public init(tenants: [TenantID?]) { self.tenants = tenants }
}

extension RPCMethod where Params == CheckOwnerQuery, Result == CheckOwnerList {
    /// The store asks before it takes an agent's measurements of a check for the first time.
    public static var listCheckOwners: Self {
        Self(
            "check.owners",
            "Tells whose the checks are that an agent has measurements of.",
            of: .orchestrator,
            callers: [.store],
            isIdempotent: true
        )
    }
}
