public import JSONRPC

/// A time in which a rule held for one check as seen by one agent.
public struct Incident: Codable, Equatable, RPCPayload {
    public enum State: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case firing
        case resolved
    }

    public var id: IncidentID
    public var ruleID: RuleID
    public var ruleName: String
    public var severity: Severity
    public var targetID: TargetID
    public var targetName: String
    public var checkID: CheckID
    public var checkType: CheckType
    public var agentID: AgentID
    /// As in `Measurement`.
    public var endpoint: String?
    public var state: State
    /// The sample that made it fire, in words.
    public var cause: String
    public var startedAt: Timestamp
    public var endedAt: Timestamp?
    /// Until now, while it fires.
    public var durationMilliseconds: Int
    /// When the silence ends that holds now and is about it; never of one that is over.
    public var silencedUntil: Timestamp?

    enum CodingKeys: String, CodingKey {
        case id, severity, endpoint, state, cause
        case ruleID = "rule_id"
        case ruleName = "rule_name"
        case targetID = "target_id"
        case targetName = "target_name"
        case checkID = "check_id"
        case checkType = "check_type"
        case agentID = "agent_id"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case durationMilliseconds = "duration_ms"
        case silencedUntil = "silenced_until"
    }

    public init(
        id: IncidentID,
        ruleID: RuleID,
        ruleName: String,
        severity: Severity,
        targetID: TargetID,
        targetName: String,
        checkID: CheckID,
        checkType: CheckType,
        agentID: AgentID,
        endpoint: String = "",
        state: State,
        cause: String,
        startedAt: Timestamp,
        endedAt: Timestamp? = nil,
        durationMilliseconds: Int
    ) {
        self.id = id
        self.ruleID = ruleID
        self.ruleName = ruleName
        self.severity = severity
        self.targetID = targetID
        self.targetName = targetName
        self.checkID = checkID
        self.checkType = checkType
        self.agentID = agentID
        self.endpoint = endpoint.isEmpty ? nil : endpoint
        self.state = state
        self.cause = cause
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.durationMilliseconds = durationMilliseconds
    }
}

public struct IncidentReference: Codable, Equatable, RPCPayload {
    public var id: IncidentID

    public init(id: IncidentID) {
        self.id = id
    }
}

/// Which incidents to list, newest first.
public struct IncidentFilter: Codable, Equatable, RPCPayload {
    public var state: Incident.State?
    public var targetID: TargetID?
    /// From 1 to 1,000; 100 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: String?

    enum CodingKeys: String, CodingKey {
        case state, limit, cursor
        case targetID = "target_id"
    }

    public init(
        state: Incident.State? = nil,
        targetID: TargetID? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.state = state
        self.targetID = targetID
        self.limit = limit
        self.cursor = cursor
    }
}

public struct IncidentPage: Codable, Equatable, RPCPayload {
    public var incidents: [Incident]
    /// Left out on the last page.
    public var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case incidents
        case nextCursor = "next_cursor"
    }

    public init(incidents: [Incident], nextCursor: String? = nil) {
        self.incidents = incidents
        self.nextCursor = nextCursor
    }
}

extension RPCMethod where Params == IncidentFilter, Result == IncidentPage {
    public static var listIncidents: Self {
        Self(
            "incident.list",
            "Lists incidents, newest first.",
            of: .alerting,
            access: .viewer,
            rest: .get("/incidents"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == IncidentReference, Result == Incident {
    public static var getIncident: Self {
        Self(
            "incident.get",
            "Returns one incident.",
            of: .alerting,
            access: .viewer,
            rest: .get("/incidents/{id}"),
            isIdempotent: true
        )
    }
}
