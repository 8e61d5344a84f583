public import JSONRPC

/// How, how often and by whom a target is probed.
public struct Check: Codable, Equatable, RPCPayload {
    public var id: CheckID
    public var targetID: TargetID
    public var type: CheckType
    /// From 200 to 86,400,000; 2,500 by default.
    public var intervalMilliseconds: Int
    /// From 10 to 60,000; 3,000 by default.
    public var timeoutMilliseconds: Int
    public var options: CheckOptions
    /// Which agents run it; all when left out.
    public var agents: AgentSelector?
    /// When it runs; always when left out.
    public var schedule: Schedule?
    public var enabled: Bool
    /// Whether its schedule says that it runs now; left out for one without.
    public var isActive: Bool?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, type, options, agents, schedule, enabled
        case targetID = "target_id"
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
        case isActive = "active"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: CheckID,
        targetID: TargetID,
        type: CheckType,
        intervalMilliseconds: Int,
        timeoutMilliseconds: Int,
        options: CheckOptions,
        agents: AgentSelector? = nil,
        schedule: Schedule? = nil,
        enabled: Bool,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.targetID = targetID
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.agents = agents
        self.schedule = schedule
        self.enabled = enabled
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

public struct NewCheck: Codable, Equatable, RPCPayload {
    public var targetID: TargetID
    public var type: CheckType
    public var intervalMilliseconds: Int?
    public var timeoutMilliseconds: Int?
    public var options: CheckOptions?
    /// Which agents run it; all when left out.
    public var agents: AgentSelector?
    /// When it runs; always when left out.
    public var schedule: Schedule?
    /// It is, when left out; one that is not can be run by hand.
    public var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case type, options, agents, schedule, enabled
        case targetID = "target_id"
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }

    public init(
        targetID: TargetID,
        type: CheckType,
        intervalMilliseconds: Int? = nil,
        timeoutMilliseconds: Int? = nil,
        options: CheckOptions? = nil,
        agents: AgentSelector? = nil,
        schedule: Schedule? = nil,
        enabled: Bool? = nil
    ) {
        self.targetID = targetID
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.agents = agents
        self.schedule = schedule
        self.enabled = enabled
    }
}

/// What is to be changed of a check; what is left out stays.
public struct CheckChange: Codable, Equatable, RPCPayload {
    public var id: CheckID
    public var intervalMilliseconds: Int?
    public var timeoutMilliseconds: Int?
    public var options: CheckOptions?
    /// An empty one means all.
    public var agents: AgentSelector?
    /// An empty one means always.
    public var schedule: Schedule?
    public var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case id, options, agents, schedule, enabled
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }

    public init(
        id: CheckID,
        intervalMilliseconds: Int? = nil,
        timeoutMilliseconds: Int? = nil,
        options: CheckOptions? = nil,
        agents: AgentSelector? = nil,
        schedule: Schedule? = nil,
        enabled: Bool? = nil
    ) {
        self.id = id
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.agents = agents
        self.schedule = schedule
        self.enabled = enabled
    }
}

public struct CheckReference: Codable, Equatable, RPCPayload {
    public var id: CheckID

    public init(id: CheckID) {
        self.id = id
    }
}

public struct CheckFilter: Codable, Equatable, RPCPayload {
    /// All targets, when left out.
    public var targetID: TargetID?

    enum CodingKeys: String, CodingKey {
        case targetID = "target_id"
    }

    public init(targetID: TargetID? = nil) {
        self.targetID = targetID
    }
}

public struct CheckList: Codable, Equatable, RPCPayload {
    public var checks: [Check]

    public init(checks: [Check]) {
        self.checks = checks
    }
}

extension RPCMethod where Params == CheckFilter, Result == CheckList {
    public static var listChecks: Self {
        Self(
            "check.list",
            "Lists the checks of a target, or of all.",
            of: .orchestrator,
            callers: [.alerting],
            access: .viewer,
            rest: .get("/checks"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewCheck, Result == Check {
    public static var createCheck: Self {
        Self(
            "check.create",
            "Adds a check to a target.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/checks")
        )
    }
}

extension RPCMethod where Params == CheckChange, Result == Check {
    public static var updateCheck: Self {
        Self(
            "check.update",
            "Changes a check.",
            of: .orchestrator,
            access: .editor,
            rest: .patch("/checks/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == CheckReference, Result == Empty {
    public static var deleteCheck: Self {
        Self(
            "check.delete",
            "Removes a check.",
            of: .orchestrator,
            access: .editor,
            rest: .delete("/checks/{id}"),
            isIdempotent: true
        )
    }
}
