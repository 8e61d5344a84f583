public import JSONRPC

/// A vantage point.
public struct Agent: Codable, Equatable, RPCPayload {
    public enum State: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case online
        /// No heartbeat for three intervals.
        case offline
    }

    /// What operators want of it.
    public enum Mode: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case active
        /// Is not chosen where only some agents run a check.
        case draining
        /// Runs nothing.
        case stopped
    }

    public var id: AgentID
    public var name: String
    public var version: String
    public var labels: [String: String]
    /// The types of checks that it can run.
    public var capabilities: [CheckType]
    public var state: State
    public var mode: Mode
    /// Its share among agents of which some are chosen.
    public var weight: Int
    public var registeredAt: Timestamp
    public var lastSeenAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, name, version, labels, capabilities, state, mode, weight
        case registeredAt = "registered_at"
        case lastSeenAt = "last_seen_at"
    }

    public init(
        id: AgentID,
        name: String,
        version: String,
        labels: [String: String],
        capabilities: [CheckType],
        state: State,
        mode: Mode,
        weight: Int,
        registeredAt: Timestamp,
        lastSeenAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.labels = labels
        self.capabilities = capabilities
        self.state = state
        self.mode = mode
        self.weight = weight
        self.registeredAt = registeredAt
        self.lastSeenAt = lastSeenAt
    }
}

/// What an agent says of itself when it starts; the same name is the same agent.
public struct AgentRegistration: Codable, Equatable, RPCPayload {
    public var name: String
    public var version: String
    public var labels: [String: String]
    /// The types of checks that it can run; all when left out.
    public var capabilities: [CheckType]?
    /// What this agent can see by itself: its default router and its DNS resolvers.
    public var surroundings: Surroundings
    /// The machine of a cluster that it is on.
    public var node: String?
    /// Where other agents may probe it; left out, they do not.
    public var reachable: AgentReach?

    public struct Surroundings: Codable, Equatable, Sendable {
        public var router: String?
        public var resolvers: [String]
        /// Whether its probes may go to loopback; they may, when left out.
        public var allowsLoopback: Bool?

        enum CodingKeys: String, CodingKey {
            case router, resolvers
            case allowsLoopback = "allows_loopback"
        }

        public init(router: String? = nil, resolvers: [String] = [], allowsLoopback: Bool? = nil) {
            self.router = router
            self.resolvers = resolvers
            self.allowsLoopback = allowsLoopback
        }
    }

    public init(
        name: String,
        version: String,
        labels: [String: String] = [:],
        capabilities: [CheckType]? = nil,
        surroundings: Surroundings,
        node: String? = nil,
        reachable: AgentReach? = nil
    ) {
        self.name = name
        self.version = version
        self.labels = labels
        self.capabilities = capabilities
        self.surroundings = surroundings
        self.node = node
        self.reachable = reachable
    }
}

/// Where an agent answers the probes of others.
public struct AgentReach: Codable, Equatable, Sendable {
    /// An IP address.
    public var address: String
    /// Where it answers STAMP sessions (RFC 8762), if it does.
    public var stampPort: Int?
    /// A port that takes connections, if there is one.
    public var tcpPort: Int?

    enum CodingKeys: String, CodingKey {
        case address
        case stampPort = "stamp_port"
        case tcpPort = "tcp_port"
    }

    public init(address: String, stampPort: Int? = nil, tcpPort: Int? = nil) {
        self.address = address
        self.stampPort = stampPort
        self.tcpPort = tcpPort
    }
}

public struct AgentWelcome: Codable, Equatable, RPCPayload {
    public var id: AgentID
    public var heartbeatMilliseconds: Int

    enum CodingKeys: String, CodingKey {
        case id
        case heartbeatMilliseconds = "heartbeat_ms"
    }

    public init(id: AgentID, heartbeatMilliseconds: Int) {
        self.id = id
        self.heartbeatMilliseconds = heartbeatMilliseconds
    }
}

public struct AgentReference: Codable, Equatable, RPCPayload {
    public var id: AgentID

    public init(id: AgentID) {
        self.id = id
    }
}

public struct AgentList: Codable, Equatable, RPCPayload {
    public var agents: [Agent]

    public init(agents: [Agent]) {
        self.agents = agents
    }
}

/// One check that an agent is to run, with all it needs to know of the target.
public struct Assignment: Codable, Equatable, Sendable {
    public var check: Check
    public var targetName: String
    public var address: String
    /// How the check shares the target's rate; left out for a target without a limit.
    public var pacing: Pacing?
    /// To run the check at once, besides or only.
    public var order: RunOrder?

    enum CodingKeys: String, CodingKey {
        case check, address, pacing, order
        case targetName = "target_name"
    }

    public init(check: Check, targetName: String, address: String, pacing: Pacing? = nil) {
        self.check = check
        self.targetName = targetName
        self.address = address
        self.pacing = pacing
    }
}

/// Everything an agent is to run; each one replaces the one before.
public struct AssignmentSet: Codable, Equatable, RPCPayload {
    /// Grows with every change.
    public var revision: Int
    public var assignments: [Assignment]
    /// Those who share the rates of targets, in the order of their slots; empty when no target has a limit.
    public var agents: [AgentID]

    public init(revision: Int, assignments: [Assignment], agents: [AgentID] = []) {
        self.revision = revision
        self.assignments = assignments
        self.agents = agents
    }
}

extension RPCMethod where Params == AgentRegistration, Result == AgentWelcome {
    public static var registerAgent: Self {
        Self(
            "agent.register",
            "Makes an agent known, or known again.",
            of: .orchestrator,
            callers: [.probeAgent],
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == AgentReference, Result == Empty {
    public static var heartbeat: Self {
        Self(
            "agent.heartbeat",
            "Says that an agent is alive.",
            of: .orchestrator,
            callers: [.probeAgent],
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == Empty, Result == AgentList {
    public static var listAgents: Self {
        Self(
            "agent.list",
            "Lists agents and whether they are alive.",
            of: .orchestrator,
            access: .viewer,
            rest: .get("/agents"),
            isIdempotent: true
        )
    }
}
