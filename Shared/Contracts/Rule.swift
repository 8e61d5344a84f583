public import JSONRPC

public enum Severity: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case info
    case warning
    case critical
}

/// When measurements become an incident.
public struct Rule: Codable, Equatable, RPCPayload {
    public enum Metric: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// Milliseconds; a failed probe has none and is passed over.
        case latency = "latency_ms"
        /// 1 when a probe failed, 0 when it succeeded.
        case failure
        /// Requests without an answer among those that a probe sent, from 0 to 1; a probe that sent none is passed over.
        case loss
    }

    public enum Comparison: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        case over = ">"
        case under = "<"
        case atLeast = ">="
        case atMost = "<="
    }

    public var id: RuleID
    public var name: String
    /// All targets, when left out.
    public var targetID: TargetID?
    /// All types of check but those that only give evidence, `trace` and `host`, when left out.
    public var checkType: CheckType?
    public var metric: Metric
    public var comparison: Comparison
    public var threshold: Double
    /// So many samples in a row must cross the threshold to fire, and must not, to resolve; from 1 to 1,000.
    public var consecutive: Int
    public var severity: Severity
    public var enabled: Bool
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case id, name, metric, comparison, threshold, consecutive, severity, enabled
        case targetID = "target_id"
        case checkType = "check_type"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public init(
        id: RuleID,
        name: String,
        targetID: TargetID? = nil,
        checkType: CheckType? = nil,
        metric: Metric,
        comparison: Comparison,
        threshold: Double,
        consecutive: Int,
        severity: Severity,
        enabled: Bool = true,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.targetID = targetID
        self.checkType = checkType
        self.metric = metric
        self.comparison = comparison
        self.threshold = threshold
        self.consecutive = consecutive
        self.severity = severity
        self.enabled = enabled
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

public struct NewRule: Codable, Equatable, RPCPayload {
    public var name: String
    public var targetID: TargetID?
    public var checkType: CheckType?
    public var metric: Rule.Metric
    public var comparison: Rule.Comparison
    public var threshold: Double
    /// 3 when left out.
    public var consecutive: Int?
    /// `warning` when left out.
    public var severity: Severity?

    enum CodingKeys: String, CodingKey {
        case name, metric, comparison, threshold, consecutive, severity
        case targetID = "target_id"
        case checkType = "check_type"
    }

    public init(
        name: String,
        targetID: TargetID? = nil,
        checkType: CheckType? = nil,
        metric: Rule.Metric,
        comparison: Rule.Comparison,
        threshold: Double,
        consecutive: Int? = nil,
        severity: Severity? = nil
    ) {
        self.name = name
        self.targetID = targetID
        self.checkType = checkType
        self.metric = metric
        self.comparison = comparison
        self.threshold = threshold
        self.consecutive = consecutive
        self.severity = severity
    }
}

/// What is to be changed of a rule; what is left out stays.
public struct RuleChange: Codable, Equatable, RPCPayload {
    public var id: RuleID
    public var name: String?
    public var threshold: Double?
    public var consecutive: Int?
    public var severity: Severity?
    public var enabled: Bool?

    public init(id: RuleID, threshold: Double? = nil, consecutive: Int? = nil, enabled: Bool? = nil) {
        self.id = id
        self.threshold = threshold
        self.consecutive = consecutive
        self.enabled = enabled
    }
}

public struct RuleReference: Codable, Equatable, RPCPayload {
    public var id: RuleID

    public init(id: RuleID) {
        self.id = id
    }
}

public struct RuleList: Codable, Equatable, RPCPayload {
    public var rules: [Rule]

    public init(rules: [Rule]) {
        self.rules = rules
    }
}

extension RPCMethod where Params == Empty, Result == RuleList {
    public static var listRules: Self {
        Self(
            "rule.list",
            "Lists the rules.",
            of: .alerting,
            access: .viewer,
            rest: .get("/rules"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == NewRule, Result == Rule {
    public static var createRule: Self {
        Self("rule.create", "Adds a rule.", of: .alerting, access: .editor, rest: .post("/rules"))
    }
}

extension RPCMethod where Params == RuleChange, Result == Rule {
    public static var updateRule: Self {
        Self(
            "rule.update",
            "Changes a rule.",
            of: .alerting,
            access: .editor,
            rest: .patch("/rules/{id}"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == RuleReference, Result == Empty {
    public static var deleteRule: Self {
        Self(
            "rule.delete",
            "Removes a rule and resolves its incidents.",
            of: .alerting,
            access: .editor,
            rest: .delete("/rules/{id}"),
            isIdempotent: true
        )
    }
}
