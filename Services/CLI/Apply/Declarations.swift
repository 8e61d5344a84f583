import Contracts
import JSONRPC

/// A target as a file declares it: the fields of `NewTarget`; what is left out has its default.
struct DeclaredTarget: Codable, Equatable, RPCPayload {
    /// The target that is meant, whatever its name; the one of this name, when left out.
    var id: TargetID?
    var name: String
    var address: String
    var description: String?
    var category: String?
    var labels: [String: String]?
    var enabled: Bool?
    var maximumRate: Double?
    /// All of its checks; when left out, the one that a new target gets, and later whatever there is.
    var checks: [DeclaredCheck]?

    enum CodingKeys: String, CodingKey {
        case id, name, address, description, category, labels, enabled, checks
        case maximumRate = "max_probes_per_second"
    }
}

/// A check as a file declares it: the fields of `NewTargetCheck`, and whether it runs.
struct DeclaredCheck: Codable, Equatable, Sendable {
    /// The check that is meant, whatever its options; one that is like it, when left out.
    var id: CheckID?
    var type: CheckType
    var intervalMilliseconds: Int?
    var timeoutMilliseconds: Int?
    var options: CheckOptions?
    var agents: AgentSelector?
    var schedule: Schedule?
    var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case id, type, options, agents, schedule, enabled
        case intervalMilliseconds = "interval_ms"
        case timeoutMilliseconds = "timeout_ms"
    }
}

/// A rule as a file declares it: the fields of `NewRule`, but its target by name, and whether it is in force.
struct DeclaredRule: Codable, Equatable, RPCPayload {
    var id: RuleID?
    var name: String
    /// The name of a target, declared or there, or the id of one; all targets, when left out.
    var target: String?
    var checkType: CheckType?
    var metric: Rule.Metric
    var comparison: Rule.Comparison
    var threshold: Double
    var consecutive: Int?
    var severity: Severity?
    var enabled: Bool?

    enum CodingKeys: String, CodingKey {
        case id, name, target, metric, comparison, threshold, consecutive, severity, enabled
        case checkType = "check_type"
    }
}

/// A receiver as a file declares it: the fields of `NewReceiver`.
struct DeclaredReceiver: Codable, Equatable, RPCPayload {
    var id: ReceiverID?
    var name: String
    var kind: Receiver.Kind
    var url: String?
}

/// A silence as a file declares it: the fields of `NewSilence`, but its rule and its target by name.
struct DeclaredSilence: Codable, Equatable, RPCPayload {
    var id: SilenceID?
    /// What it is known by.
    var reason: String
    /// Always given, so that the same file means the same time whenever it is applied.
    var from: Timestamp
    var to: Timestamp
    /// The name of a rule, declared or there, or the id of one.
    var rule: String?
    /// The name of a target, declared or there, or the id of one.
    var target: String?
    var checkType: CheckType?
    var agentID: AgentID?
    var severity: Severity?

    enum CodingKeys: String, CodingKey {
        case id, reason, from, to, rule, target, severity
        case checkType = "check_type"
        case agentID = "agent_id"
    }
}

/// Maintenance as a file declares it: the fields of `NewMaintenance`, but its targets by name.
struct DeclaredMaintenance: Codable, Equatable, RPCPayload {
    var id: MaintenanceID?
    /// What it is known by.
    var reason: String
    var from: Timestamp
    var to: Timestamp
    /// The names of targets, declared or there, or the ids of some.
    var targets: [String]?
    var labels: [String: String]?
}

/// One document of a file.
struct DeclaredDocument: Codable, Equatable, RPCPayload {
    /// The set that the targets belong to; the same in all documents that name one.
    var set: String?
    var receivers: [DeclaredReceiver]?
    var targets: [DeclaredTarget]?
    var rules: [DeclaredRule]?
    var silences: [DeclaredSilence]?
    var maintenance: [DeclaredMaintenance]?
}

/// Everything that the files of one run declare.
struct Declarations: Equatable, Sendable {
    /// What tells these targets from those of other files, and from those made by hand.
    var set: String?
    var receivers: [DeclaredReceiver] = []
    /// `nil` when no document has a list of targets, not even an empty one.
    var targets: [DeclaredTarget]?
    /// Likewise.
    var rules: [DeclaredRule]?
    /// Likewise.
    var silences: [DeclaredSilence]?
    /// Likewise.
    var maintenance: [DeclaredMaintenance]?

    /// Characters that the name of a set may have: as many as a label's value.
    static let setLength = 1...256

    /// The label of a target that holds the name of its set.
    static let label = "sonde.dev/managed-by"
}
