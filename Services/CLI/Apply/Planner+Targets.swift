import Contracts
import JSON

extension Planner {
    mutating func planTargets() throws(CommandLineError) {
        let items = declared.targets ?? []
        let claimed = items.compactMap(\.id?.rawValue)
        let index = NameIndex(installed.targets, kind: .target, claimed: claimed) { ($0.id.rawValue, $0.name) }
        for item in items {
            let old = try index.find(id: item.id?.rawValue, name: item.name) { $0.address == item.address }
            if places.updateValue(old?.id, forKey: item.name) != nil { sharedNames.insert(item.name) }
            if let old {
                guard kept.insert(old.id).inserted else {
                    throw CommandLineError(.failed, "target \"\(item.name)\" is declared twice")
                }
                try planChange(of: old, to: item)
            } else {
                try planCreation(of: item)
            }
        }
        if prunes { planRemovals() }
    }

    private mutating func planCreation(of item: DeclaredTarget) throws(CommandLineError) {
        var new = NewTarget(address: item.address, name: item.name, category: item.category)
        new.description = item.description
        new.labels = try labels(of: item, now: nil)
        new.enabled = item.enabled
        new.maximumRate = item.maximumRate
        new.checks = item.checks?.map(NewTargetCheck.init)
        var shown = new
        shown.name = nil
        let changes = FieldChange.between(nil, try jsonFields(shown))
        add(.create, .target, item.name, changes, .createTarget(new))
    }

    private mutating func planChange(of old: Target, to item: DeclaredTarget) throws(CommandLineError) {
        var new = old
        new.name = item.name
        new.address = item.address
        new.description = item.description ?? ""
        new.category = item.category ?? ""
        new.labels = try labels(of: item, now: old)
        new.enabled = item.enabled ?? true
        new.maximumRate = item.maximumRate
        let changes = FieldChange.between(try jsonFields(old), try jsonFields(new))
        if !changes.isEmpty {
            add(.change, .target, item.name, changes, .changeTarget(TargetChange(from: old, to: new)))
        }
        if let checks = item.checks { try planChecks(checks, of: new) }
    }

    /// The declared labels, and the one of the set.
    ///
    /// Without a set, a target keeps that one as it is.
    private func labels(of item: DeclaredTarget, now old: Target?) throws(CommandLineError) -> [String: String] {
        var labels = item.labels ?? [:]
        let owner = old?.labels[Declarations.label]
        guard let set = declared.set else {
            if labels[Declarations.label] == nil { labels[Declarations.label] = owner }
            return labels
        }
        guard owner ?? set == set else {
            throw CommandLineError(
                .failed,
                "target \"\(item.name)\" belongs to the set \(owner ?? ""); take it out there, and its label off, first"
            )
        }
        guard labels.updateValue(set, forKey: Declarations.label) ?? set == set else {
            throw CommandLineError(.failed, "target \"\(item.name)\" is labelled as of another set than \(set)")
        }
        return labels
    }

    private mutating func planRemovals() {
        for target in installed.targets where !kept.contains(target.id) && isOurs(target) {
            let removal = TargetRemoval(id: target.id, ifUpdatedAt: target.updatedAt)
            removals.append(
                PlanStep(action: .remove, kind: .target, name: target.name, changes: [], call: .removeTarget(removal))
            )
        }
    }

    /// Whether the target carries the label of the set.
    func isOurs(_ target: Target) -> Bool {
        declared.set != nil && target.labels[Declarations.label] == declared.set
    }
}

extension TargetChange {
    /// What differs, and only for the version that was read.
    fileprivate init(from old: Target, to new: Target) {
        self.init(id: old.id)
        name = old.name == new.name ? nil : new.name
        address = old.address == new.address ? nil : new.address
        description = old.description == new.description ? nil : new.description
        category = old.category == new.category ? nil : new.category
        labels = old.labels == new.labels ? nil : new.labels
        enabled = old.enabled == new.enabled ? nil : new.enabled
        maximumRate = old.maximumRate == new.maximumRate ? nil : new.maximumRate ?? 0
        ifUpdatedAt = old.updatedAt
    }
}

extension NewTargetCheck {
    init(_ check: DeclaredCheck) {
        self.init(
            type: check.type,
            intervalMilliseconds: check.intervalMilliseconds,
            timeoutMilliseconds: check.timeoutMilliseconds,
            options: check.options,
            agents: check.agents?.orNothing,
            schedule: check.schedule?.orNothing,
            enabled: check.enabled == false ? false : nil
        )
    }
}

extension Schedule {
    /// Nothing when it restricts nothing.
    var orNothing: Schedule? { self == Schedule() ? nil : self }
}

extension AgentSelector {
    /// Nothing when it selects all agents, which can be written in several ways.
    var orNothing: AgentSelector? {
        let labels = labels?.isEmpty == true ? nil : labels
        return labels == nil && count == nil ? nil : AgentSelector(labels: labels, count: count)
    }
}
