import Contracts
import JSON

extension Planner {
    mutating func planSilences() throws(CommandLineError) {
        let items = declared.silences ?? []
        let claimed = items.compactMap(\.id?.rawValue)
        let index = NameIndex(installed.silences, kind: .silence, claimed: claimed) { ($0.id.rawValue, $0.reason) }
        let (targets, rules) = (remainingTargets(), remainingRules())
        let names = SilenceNames(installed)
        var meant: Set<SilenceID> = []
        for item in items {
            let subject = "silence \"\(item.reason)\""
            let target = try place(ofTarget: item.target, among: targets, for: subject)
            let rule = try place(ofRule: item.rule, among: rules, for: subject)
            let new = NewSilence(item, target: target, rule: rule)
            let old = try index.find(id: item.id?.rawValue, name: item.reason) { NewSilence($0) == new }
            if let old { meant.insert(old.id) }
            try plan(item, new, old, names)
        }
        planGoing(but: meant)
    }

    private mutating func plan(
        _ item: DeclaredSilence,
        _ new: NewSilence,
        _ old: Silence?,
        _ names: SilenceNames
    ) throws(CommandLineError) {
        // What an earlier step makes has no id yet.
        let target = new.targetID == nil ? item.target : nil
        let rule = new.ruleID == nil ? item.rule : nil
        let fields = try jsonFields(names.plain(item))
        guard let old else {
            guard item.to > now else {
                plan.notes.append("silence \(item.reason) is over, and is not made")
                return
            }
            let changes = FieldChange.between(nil, fields).filter { $0.field != "reason" }
            return add(.create, .silence, item.reason, changes, .createSilence(new, target: target, rule: rule))
        }
        var changes = FieldChange.between(try jsonFields(names.declaration(of: old)), fields)
        // Another one of the same name.
        changes += FieldChange.other("rule", than: changes, old.ruleID?.rawValue, new.ruleID?.rawValue ?? rule)
        changes += FieldChange.other("target", than: changes, old.targetID?.rawValue, new.targetID?.rawValue ?? target)
        guard !changes.isEmpty else { return }
        guard changes.contains(where: { !["reason", "from", "to"].contains($0.field) }) else {
            let change = SilenceChange(
                id: old.id,
                reason: old.reason == new.reason ? nil : new.reason,
                from: old.from == new.from ? nil : new.from,
                to: old.to == new.to ? nil : new.to
            )
            return add(.change, .silence, item.reason, changes, .changeSilence(change))
        }
        guard item.id == nil else {
            let message = "what a silence is about cannot be changed, and its id would go"
            throw CommandLineError(.failed, "silence \"\(item.reason)\": \(message); leave out the id")
        }
        let isGone = old.ruleID.map(leavingRules.contains) ?? false
        let call: PlanStep.Call =
            isGone
            ? .createSilence(new, target: target, rule: rule)
            : .replaceSilence(old.id, new, target: target, rule: rule)
        add(.replace, .silence, item.reason, changes, call)
    }

    /// Says what goes with its rule, and removes what is about the set's targets and not declared any more.
    private mutating func planGoing(but meant: Set<SilenceID>) {
        for silence in installed.silences where !meant.contains(silence.id) {
            if let rule = silence.ruleID, leavingRules.contains(rule) {
                plan.notes.append("silence \(silence.reason) (\(silence.id)) goes with its rule")
            } else if prunes, declared.silences != nil, silence.targetID.map(kept.contains) ?? false {
                removals.insert(
                    PlanStep(
                        action: .remove,
                        kind: .silence,
                        name: silence.reason,
                        changes: [],
                        call: .removeSilence(silence.id)
                    ),
                    at: 0
                )
            }
        }
    }
}

extension FieldChange {
    /// The change of a reference that its name does not show.
    fileprivate static func other(_ field: String, than changes: [Self], _ old: String?, _ new: String?) -> [Self] {
        guard old != new, !changes.contains(where: { $0.field == field }) else { return [] }
        return [FieldChange(field: field, old: old.map(JSONValue.string), new: new.map(JSONValue.string))]
    }
}

/// The names of what silences are about.
struct SilenceNames {
    private let rules: [RuleID: String]
    private let targets: [TargetID: String]

    init(_ installed: Installed) {
        rules = Dictionary(installed.rules.map { ($0.id, $0.name) }) { first, _ in first }
        targets = installed.targetNames
    }

    /// A silence as a file would declare it, without its id.
    func declaration(of silence: Silence) -> DeclaredSilence {
        DeclaredSilence(
            reason: silence.reason,
            from: silence.from,
            to: silence.to,
            rule: silence.ruleID.map { rules[$0] ?? $0.rawValue },
            target: silence.targetID.map { targets[$0] ?? $0.rawValue },
            checkType: silence.checkType,
            agentID: silence.agentID,
            severity: silence.severity
        )
    }

    /// Without its id, and with names for ids, to be compared.
    func plain(_ item: DeclaredSilence) -> DeclaredSilence {
        var silence = item
        silence.id = nil
        silence.rule = item.rule.map { rules[RuleID(rawValue: $0)] ?? $0 }
        silence.target = item.target.map { targets[TargetID(rawValue: $0)] ?? $0 }
        return silence
    }
}

extension NewSilence {
    fileprivate init(_ item: DeclaredSilence, target: TargetID?, rule: RuleID?) {
        self.init(
            reason: item.reason,
            from: item.from,
            to: item.to,
            ruleID: rule,
            targetID: target,
            checkType: item.checkType,
            agentID: item.agentID,
            severity: item.severity
        )
    }

    fileprivate init(_ silence: Silence) {
        self.init(
            reason: silence.reason,
            from: silence.from,
            to: silence.to,
            ruleID: silence.ruleID,
            targetID: silence.targetID,
            checkType: silence.checkType,
            agentID: silence.agentID,
            severity: silence.severity
        )
    }
}
