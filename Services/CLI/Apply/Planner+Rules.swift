import Contracts
import JSON

extension Planner {
    /// What alerting gives a rule that says nothing.
    private static let defaultConsecutive = 3
    private static let defaultSeverity = Severity.warning

    mutating func planRules() throws(CommandLineError) {
        let items = declared.rules ?? []
        let claimed = items.compactMap(\.id?.rawValue)
        let index = NameIndex(installed.rules, kind: .rule, claimed: claimed) { ($0.id.rawValue, $0.name) }
        let targets = remainingTargets()
        let names = Dictionary(installed.targets.map { ($0.id.rawValue, $0.name) }) { first, _ in first }
        var declaredRules: Set<RuleID> = []
        for item in items {
            let place = try place(ofTarget: item.target, among: targets, for: "rule \"\(item.name)\"")
            let fields = try jsonFields(Self.whole(item, target: item.target.map { names[$0] ?? $0 }))
            let old = try index.find(id: item.id?.rawValue, name: item.name) {
                $0.targetID == place && $0.checkType == item.checkType && $0.metric == item.metric
            }
            if let old { declaredRules.insert(old.id) }
            try plan(item, place, fields, old, names)
            let isNew = old.map { leavingRules.contains($0.id) } ?? true
            if rulePlaces.updateValue(isNew ? nil : old?.id, forKey: item.name) != nil {
                sharedRuleNames.insert(item.name)
            }
        }
        if prunes, declared.rules != nil { planRemovals(but: declaredRules) }
    }

    private mutating func plan(
        _ item: DeclaredRule,
        _ place: TargetID?,
        _ fields: JSONValue,
        _ old: Rule?,
        _ names: [String: String]
    ) throws(CommandLineError) {
        let new = NewRule(
            name: item.name,
            targetID: place,
            checkType: item.checkType,
            metric: item.metric,
            comparison: item.comparison,
            threshold: item.threshold,
            consecutive: item.consecutive,
            severity: item.severity
        )
        let (target, isEnabled) = (place == nil ? item.target : nil, item.enabled ?? true)
        guard let old else {
            let changes = FieldChange.between(nil, fields).filter { $0.field != "name" }
            add(.create, .rule, item.name, changes, .createRule(new, target: target, isEnabled: isEnabled))
            return
        }
        let shown = DeclaredRule(old, target: old.targetID.map { names[$0.rawValue] ?? $0.rawValue })
        var changes = FieldChange.between(try jsonFields(shown), fields)
        if old.targetID != place || target != nil, !changes.contains(where: { $0.field == "target" }) {
            // Another target of the same name.
            changes.append(
                FieldChange(
                    field: "target",
                    old: old.targetID.map { .string($0.rawValue) },
                    new: place.map { .string($0.rawValue) } ?? item.target.map { .string($0) }
                )
            )
        }
        guard !changes.isEmpty else { return }
        let fixed: Set = ["target", "check_type", "metric", "comparison"]
        guard changes.contains(where: { fixed.contains($0.field) }) else {
            return add(.change, .rule, item.name, changes, .changeRule(Self.change(old, item)))
        }
        guard item.id == nil else {
            let message = "a rule's target, check_type, metric and comparison cannot be changed, and its id would go"
            throw CommandLineError(.failed, "rule \"\(item.name)\": \(message); leave out the id")
        }
        leavingRules.insert(old.id)
        let call = PlanStep.Call.replaceRule(old.id, new, target: target, isEnabled: isEnabled)
        add(.replace, .rule, item.name, changes, call)
    }

    /// Of the rules about one target of the set; those of a target that is removed go with it.
    private mutating func planRemovals(but declaredRules: Set<RuleID>) {
        let leaving = installed.rules.filter { rule in
            rule.targetID.map(kept.contains) == true && !declaredRules.contains(rule.id)
        }
        leavingRules.formUnion(leaving.map(\.id))
        let steps = leaving.map { rule in
            PlanStep(action: .remove, kind: .rule, name: rule.name, changes: [], call: .removeRule(rule.id))
        }
        removals.insert(contentsOf: steps, at: 0)
    }

    /// With its defaults, and without its id, to be compared.
    private static func whole(_ item: DeclaredRule, target: String?) -> DeclaredRule {
        var rule = item
        rule.id = nil
        rule.target = target
        rule.consecutive = item.consecutive ?? defaultConsecutive
        rule.severity = item.severity ?? defaultSeverity
        rule.enabled = item.enabled ?? true
        return rule
    }

    private static func change(_ old: Rule, _ item: DeclaredRule) -> RuleChange {
        let new = whole(item, target: nil)
        var change = RuleChange(id: old.id)
        change.name = old.name == new.name ? nil : new.name
        change.threshold = old.threshold == new.threshold ? nil : new.threshold
        change.consecutive = old.consecutive == new.consecutive ? nil : new.consecutive
        change.severity = old.severity == new.severity ? nil : new.severity
        change.enabled = old.enabled == new.enabled ? nil : new.enabled
        return change
    }
}

extension DeclaredRule {
    /// A rule as a file would declare it, without its id.
    init(_ rule: Rule, target: String?) {
        self.init(
            name: rule.name,
            target: target,
            checkType: rule.checkType,
            metric: rule.metric,
            comparison: rule.comparison,
            threshold: rule.threshold,
            consecutive: rule.consecutive,
            severity: rule.severity,
            enabled: rule.enabled
        )
    }
}
