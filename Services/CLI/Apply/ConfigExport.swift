import Contracts
import JSON
import YAML

/// What a tenant has, as a file that declares it.
struct ConfigExport {
    private let installed: Installed
    /// The set whose targets and their rules are wanted; everything, when `nil`.
    private let set: String?
    /// How many there are of a name: one of several is told from the others by its id.
    private let targetNames: [String: Int]
    private let ruleNames: [String: Int]
    private let receiverNames: [String: Int]
    private let silenceReasons: [String: Int]
    private let maintenanceReasons: [String: Int]
    private let targets: [TargetID: Target]
    private let rules: [RuleID: String]
    private let now: Timestamp

    init(_ installed: Installed, set: String?, at now: Timestamp) {
        self.installed = installed
        self.set = set
        self.now = now
        targetNames = Self.counts(installed.targets.map(\.name))
        ruleNames = Self.counts(installed.rules.map(\.name))
        receiverNames = Self.counts(installed.receivers.map(\.name))
        silenceReasons = Self.counts(installed.silences.map(\.reason))
        maintenanceReasons = Self.counts(installed.maintenance.map(\.reason))
        targets = Dictionary(installed.targets.map { ($0.id, $0) }) { first, _ in first }
        rules = Dictionary(installed.rules.map { ($0.id, $0.name) }) { first, _ in first }
    }

    private static func counts(_ names: [String]) -> [String: Int] {
        Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// A document whose application changes nothing; what has its default is left out.
    func document() throws -> YAMLNode {
        var members: [YAMLNode.Member] = []
        if let set { members.append(.init("set", YAMLNode(.scalar(.string(set))))) }
        let targets = installed.targets.filter { set == nil || $0.labels[Declarations.label] == set }
        let receivers = set == nil ? installed.receivers : []
        try members.append(list("receivers", receivers.map(declaration)))
        try members.append(list("targets", targets.map(declaration)))
        let known = Set(targets.map(\.id))
        let rules = installed.rules.filter { rule in
            // A rule of a target that is gone has nothing to say.
            rule.targetID.map(known.contains) ?? (set == nil)
        }
        try members.append(list("rules", rules.map(declaration)))
        let silences = installed.silences.filter { silence in
            silence.to > now && (silence.targetID.map(known.contains) ?? (set == nil))
        }
        try members.append(list("silences", silences.map(declaration)))
        let maintenance = set == nil ? installed.maintenance.filter { $0.to > now } : []
        try members.append(list("maintenance", maintenance.map(declaration)))
        return YAMLNode(.mapping(members))
    }

    private func declaration(of receiver: Receiver) -> DeclaredReceiver {
        DeclaredReceiver(
            id: receiverNames[receiver.name] == 1 ? nil : receiver.id,
            name: receiver.name,
            kind: receiver.kind,
            url: receiver.url
        )
    }

    private func declaration(of target: Target) -> DeclaredTarget {
        var labels = target.labels
        if set != nil { labels[Declarations.label] = nil }
        return DeclaredTarget(
            id: isAlone(target) ? nil : target.id,
            name: target.name,
            address: target.address,
            description: target.description.isEmpty ? nil : target.description,
            category: target.category.isEmpty ? nil : target.category,
            labels: labels.isEmpty ? nil : labels,
            enabled: target.enabled ? nil : false,
            maximumRate: target.maximumRate,
            checks: (installed.checks[target.id] ?? []).map(declaration)
        )
    }

    private func declaration(of check: Check) -> DeclaredCheck {
        DeclaredCheck(
            type: check.type,
            intervalMilliseconds: check.intervalMilliseconds,
            timeoutMilliseconds: check.timeoutMilliseconds,
            options: check.options == CheckOptions() ? nil : check.options,
            agents: check.agents?.orNothing,
            schedule: check.schedule,
            enabled: check.enabled ? nil : false
        )
    }

    private func declaration(of rule: Rule) -> DeclaredRule {
        var declared = DeclaredRule(rule, target: rule.targetID.map(word))
        if ruleNames[rule.name] != 1 { declared.id = rule.id }
        if rule.enabled { declared.enabled = nil }
        return declared
    }

    private func declaration(of silence: Silence) -> DeclaredSilence {
        DeclaredSilence(
            id: silenceReasons[silence.reason] == 1 ? nil : silence.id,
            reason: silence.reason,
            from: silence.from,
            to: silence.to,
            rule: silence.ruleID.map { id in rules[id].flatMap { ruleNames[$0] == 1 ? $0 : nil } ?? id.rawValue },
            target: silence.targetID.map(word),
            checkType: silence.checkType,
            agentID: silence.agentID,
            severity: silence.severity
        )
    }

    private func declaration(of maintenance: Maintenance) -> DeclaredMaintenance {
        DeclaredMaintenance(
            id: maintenanceReasons[maintenance.reason] == 1 ? nil : maintenance.id,
            reason: maintenance.reason,
            from: maintenance.from,
            to: maintenance.to,
            targets: maintenance.targetIDs.isEmpty ? nil : maintenance.targetIDs.map(word),
            labels: maintenance.labels.isEmpty ? nil : maintenance.labels
        )
    }

    /// How a target is named: by its id where others have its name.
    private func word(for target: TargetID) -> String {
        targets[target].flatMap { isAlone($0) ? $0.name : nil } ?? target.rawValue
    }

    private func isAlone(_ target: Target) -> Bool {
        targetNames[target.name] == 1
    }

    private func list(_ name: String, _ items: [some Encodable]) throws -> YAMLNode.Member {
        let nodes = try items.map { Self.node(try JSONValue(json: encodeJSON($0))) }
        return YAMLNode.Member(name, YAMLNode(.sequence(nodes)))
    }

    /// The order in which people read; keys of other names come last, sorted.
    private static let order = [
        "id", "name", "reason", "kind", "url", "from", "to", "rule", "target", "targets", "type", "check_type",
        "metric", "comparison", "threshold", "consecutive",
        "severity", "address", "description", "category", "labels", "enabled", "max_probes_per_second", "interval_ms",
        "timeout_ms", "options", "agents", "schedule", "checks",
    ]

    private static func node(_ value: JSONValue) -> YAMLNode {
        switch value {
        case .object(let members):
            let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
            let sorted = members.sorted {
                (places[$0.key] ?? order.count, $0.key) < (places[$1.key] ?? order.count, $1.key)
            }
            return YAMLNode(.mapping(sorted.map { .init($0.key, node($0.value)) }))
        case .array(let elements): return YAMLNode(.sequence(elements.map(node)))
        default: return YAMLNode(.scalar(value))
        }
    }
}
