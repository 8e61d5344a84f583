public import JSONRPC

public typealias SilenceID = Identifier<Silence>

/// A span of time in which nobody is told of some incidents that begin: of those that fit all of its fields.
///
/// They are made and shown as always. The beginning of one that outlasts the silence is told when that is over; of one
/// that does not, nothing is told. Who was told of a beginning is told of its end, whatever is silent by then.
public struct Silence: Codable, Equatable, RPCPayload {
    public var id: SilenceID
    public var reason: String
    /// Inclusive.
    public var from: Timestamp
    /// Exclusive.
    public var to: Timestamp
    /// All rules, when left out; a silence goes with its rule.
    public var ruleID: RuleID?
    /// All targets, when left out; a silence goes with its target.
    public var targetID: TargetID?
    /// All types of check, when left out.
    public var checkType: CheckType?
    /// All agents, when left out.
    public var agentID: AgentID?
    /// All severities, when left out.
    public var severity: Severity?
    /// The e-mail address of the person who made it.
    public var createdBy: String
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, reason, from, to, severity
        case ruleID = "rule_id"
        case targetID = "target_id"
        case checkType = "check_type"
        case agentID = "agent_id"
        case createdBy = "created_by"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: SilenceID,
        reason: String,
        from: Timestamp,
        to: Timestamp,
        ruleID: RuleID? = nil,
        targetID: TargetID? = nil,
        checkType: CheckType? = nil,
        agentID: AgentID? = nil,
        severity: Severity? = nil,
        createdBy: String,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.reason = reason
        self.from = from
        self.to = to
        self.ruleID = ruleID
        self.targetID = targetID
        self.checkType = checkType
        self.agentID = agentID
        self.severity = severity
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

public struct NewSilence: Codable, Equatable, RPCPayload {
    /// From 1 to 200 characters.
    public var reason: String
    /// Now, when left out.
    public var from: Timestamp?
    /// At most 31 days after `from`.
    public var to: Timestamp
    /// One of this and what follows at the least; an incident must fit all that are given.
    public var ruleID: RuleID?
    public var targetID: TargetID?
    public var checkType: CheckType?
    public var agentID: AgentID?
    public var severity: Severity?

    enum CodingKeys: String, CodingKey {
        case reason, from, to, severity
        case ruleID = "rule_id"
        case targetID = "target_id"
        case checkType = "check_type"
        case agentID = "agent_id"
    }

    public init(
        reason: String,
        from: Timestamp? = nil,
        to: Timestamp,
        ruleID: RuleID? = nil,
        targetID: TargetID? = nil,
        checkType: CheckType? = nil,
        agentID: AgentID? = nil,
        severity: Severity? = nil
    ) {
        self.reason = reason
        self.from = from
        self.to = to
        self.ruleID = ruleID
        self.targetID = targetID
        self.checkType = checkType
        self.agentID = agentID
        self.severity = severity
    }
}

/// What is to be changed; what is left out stays, and what it is about does.
public struct SilenceChange: Codable, Equatable, RPCPayload {
    public var id: SilenceID
    public var reason: String?
    public var from: Timestamp?
    public var to: Timestamp?

    public init(id: SilenceID, reason: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil) {
        self.id = id
        self.reason = reason
        self.from = from
        self.to = to
    }
}

public struct SilenceReference: Codable, Equatable, RPCPayload {
    public var id: SilenceID

    public init(id: SilenceID) {
        self.id = id
    }
}

public struct SilenceList: Codable, Equatable, RPCPayload {
    /// At most 1,000 a tenant, the one that begins last first; not those that ended 30 days ago.
    public var silences: [Silence]

    public init(silences: [Silence]) {
        self.silences = silences
    }
}

extension RPCMethod where Params == Empty, Result == SilenceList {
    public static var listSilences: Self {
        Self(
            "silence.list",
            "Lists silences, the one that begins last first.",
            of: .alerting,
            access: .viewer,
            rest: .get("/silences"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == SilenceReference, Result == Silence {
    public static var getSilence: Self {
        Self(
            "silence.get",
            "Returns one silence.",
            of: .alerting,
            access: .viewer,
            rest: .get("/silences/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewSilence, Result == Silence {
    public static var createSilence: Self {
        Self(
            "silence.create",
            "Has nobody told of some incidents that begin, for some time.",
            of: .alerting,
            access: .editor,
            rest: .post("/silences")
        )
    }
}

extension RPCMethod where Params == SilenceChange, Result == Silence {
    public static var updateSilence: Self {
        Self(
            "silence.update",
            "Changes when a silence is, or why.",
            of: .alerting,
            access: .editor,
            rest: .patch("/silences/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == SilenceReference, Result == Empty {
    public static var deleteSilence: Self {
        Self(
            "silence.delete",
            "Removes a silence, and ends it.",
            of: .alerting,
            access: .editor,
            rest: .delete("/silences/{id}"),
            isIdempotent: true
        )
    }
}
