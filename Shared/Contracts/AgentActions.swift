public import JSONRPC

/// What is to be changed of an agent; what is left out stays.
public struct AgentChange: Codable, Equatable, RPCPayload {
    public var id: AgentID
    /// Labels beside those that the agent has of itself; they win over those.
    public var labels: [String: String]?
    /// Its share among agents of which some are chosen, from 1 to 1,000.
    public var weight: Int?

    public init(id: AgentID, labels: [String: String]? = nil, weight: Int? = nil) {
        self.id = id
        self.labels = labels
        self.weight = weight
    }
}

public struct AgentCommand: Codable, Equatable, RPCPayload {
    public enum Action: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// Runs what is assigned to it, after `stop` or `drain`.
        case start
        /// Runs nothing any more.
        case stop
        /// Is no longer chosen where only some agents run a check; goes on with checks that all run.
        case drain
    }

    public var id: AgentID
    public var action: Action

    public init(id: AgentID, action: Action) {
        self.id = id
        self.action = action
    }
}

extension RPCMethod where Params == AgentReference, Result == Agent {
    public static var getAgent: Self {
        Self(
            "agent.get",
            "Returns an agent.",
            of: .orchestrator,
            access: .viewer,
            rest: .get("/agents/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == AgentChange, Result == Agent {
    public static var updateAgent: Self {
        Self(
            "agent.update",
            "Changes the labels and the weight of an agent.",
            of: .orchestrator,
            access: .operator,
            rest: .patch("/agents/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == AgentCommand, Result == Empty {
    public static var commandAgent: Self {
        Self(
            "agent.command",
            "Starts, stops or drains an agent.",
            of: .orchestrator,
            access: .operator,
            rest: .post("/agents/{id}/actions"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == AgentReference, Result == Empty {
    /// One that comes back is a new agent.
    public static var deleteAgent: Self {
        Self(
            "agent.delete",
            "Forgets an agent that is offline or stopped.",
            of: .orchestrator,
            access: .operator,
            rest: .delete("/agents/{id}"),
            isIdempotent: true
        )
    }
}
