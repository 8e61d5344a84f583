public import JSONRPC

/// What is watched: a host, an address or a service behind one.
public struct Target: Codable, Equatable, RPCPayload {
    public var id: TargetID
    public var name: String
    /// A host name, an IP address, or the URL of a service.
    public var address: String
    public var description: String
    /// A word to group by, such as `isp` or `dns`.
    public var category: String
    public var labels: [String: String]
    public var enabled: Bool
    /// Probes a second that all agents together may send it; left out: as many as its checks ask for.
    public var maximumRate: Double?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    /// What keeps it in place of people, who cannot change it then; left out for a target of theirs.
    public var keeper: TargetKeeper?

    enum CodingKeys: String, CodingKey {
        case id, name, address, description, category, labels, enabled
        case keeper = "managed_by"
        case maximumRate = "max_probes_per_second"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: TargetID,
        name: String,
        address: String,
        description: String = "",
        category: String = "",
        labels: [String: String] = [:],
        enabled: Bool = true,
        maximumRate: Double? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        keeper: TargetKeeper? = nil
    ) {
        self.id = id
        self.name = name
        self.address = address
        self.description = description
        self.category = category
        self.labels = labels
        self.enabled = enabled
        self.maximumRate = maximumRate
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.keeper = keeper
    }
}

/// What makes targets by itself, changes them, and takes them away.
public enum TargetKeeper: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    /// The orchestrator, for each agent that others probe.
    case mesh
    /// The orchestrator, for each object of a cluster that asks for it.
    case kubernetes
}

/// A target to be added; what is left out has a default.
public struct NewTarget: Codable, Equatable, RPCPayload {
    public var address: String
    /// The address, when left out.
    public var name: String?
    public var description: String?
    public var category: String?
    public var labels: [String: String]?
    public var enabled: Bool?
    /// From 0.01 to 10,000; no limit when left out.
    public var maximumRate: Double?
    /// One `icmp` check, when left out.
    public var checks: [NewTargetCheck]?

    enum CodingKeys: String, CodingKey {
        case address, name, description, category, labels, enabled, checks
        case maximumRate = "max_probes_per_second"
    }

    public init(address: String, name: String? = nil, category: String? = nil, checks: [NewTargetCheck]? = nil) {
        self.address = address
        self.name = name
        self.category = category
        self.checks = checks
    }
}

/// A check that is added together with its target.
public struct NewTargetCheck: Codable, Equatable, Sendable {
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
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }

    public init(
        type: CheckType,
        intervalMilliseconds: Int? = nil,
        timeoutMilliseconds: Int? = nil,
        options: CheckOptions? = nil,
        agents: AgentSelector? = nil,
        schedule: Schedule? = nil,
        enabled: Bool? = nil
    ) {
        self.type = type
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.options = options
        self.agents = agents
        self.schedule = schedule
        self.enabled = enabled
    }
}

/// What is to be changed of a target; what is left out stays.
public struct TargetChange: Codable, Equatable, RPCPayload {
    public var id: TargetID
    public var name: String?
    public var address: String?
    public var description: String?
    public var category: String?
    public var labels: [String: String]?
    public var enabled: Bool?
    /// 0 takes a limit away.
    public var maximumRate: Double?
    /// The version that is to be changed, and no other; whatever is there, when left out.
    public var ifUpdatedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, name, address, description, category, labels, enabled
        case maximumRate = "max_probes_per_second"
        case ifUpdatedAt = "if_updated_at"
    }

    public init(id: TargetID, name: String? = nil, address: String? = nil, enabled: Bool? = nil) {
        self.id = id
        self.name = name
        self.address = address
        self.enabled = enabled
    }
}

/// What is to be removed, and in which version.
public struct TargetRemoval: Codable, Equatable, RPCPayload {
    public var id: TargetID
    /// The version that is to be removed, and no other; whatever is there, when left out.
    public var ifUpdatedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id
        case ifUpdatedAt = "if_updated_at"
    }

    public init(id: TargetID, ifUpdatedAt: Timestamp? = nil) {
        self.id = id
        self.ifUpdatedAt = ifUpdatedAt
    }
}

public struct TargetReference: Codable, Equatable, RPCPayload {
    public var id: TargetID

    public init(id: TargetID) {
        self.id = id
    }
}

/// Which targets to list.
public struct TargetFilter: Codable, Equatable, RPCPayload {
    /// Part of a name or an address, in any case.
    public var search: String?
    /// Those that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?
    public var category: String?
    public var enabled: Bool?
    /// From 1 to 1,000; 100 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: String?

    public init(search: String? = nil, limit: Int? = nil, cursor: String? = nil) {
        self.search = search
        self.limit = limit
        self.cursor = cursor
    }
}

public struct TargetPage: Codable, Equatable, RPCPayload {
    public var targets: [Target]
    /// Left out on the last page.
    public var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case targets
        case nextCursor = "next_cursor"
    }

    public init(targets: [Target], nextCursor: String? = nil) {
        self.targets = targets
        self.nextCursor = nextCursor
    }
}

extension RPCMethod where Params == TargetFilter, Result == TargetPage {
    public static var listTargets: Self {
        Self(
            "target.list",
            "Lists targets by name.",
            of: .orchestrator,
            callers: [.push],
            access: .viewer,
            rest: .get("/targets"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TargetReference, Result == Target {
    public static var getTarget: Self {
        Self(
            "target.get",
            "Returns one target.",
            of: .orchestrator,
            callers: [.alerting],
            access: .viewer,
            rest: .get("/targets/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewTarget, Result == Target {
    public static var createTarget: Self {
        Self(
            "target.create",
            "Adds a target and its checks; agents begin at once.",
            of: .orchestrator,
            access: .editor,
            rest: .post("/targets")
        )
    }
}

extension RPCMethod where Params == TargetChange, Result == Target {
    public static var updateTarget: Self {
        Self(
            "target.update",
            "Changes a target.",
            of: .orchestrator,
            access: .editor,
            rest: .patch("/targets/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TargetRemoval, Result == Empty {
    public static var deleteTarget: Self {
        Self(
            "target.delete",
            "Removes a target and its checks.",
            of: .orchestrator,
            access: .editor,
            rest: .delete("/targets/{id}"),
            isIdempotent: true
        )
    }
}
