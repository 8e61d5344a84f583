import Contracts

extension Planner {
    private var leavingTargets: Set<TargetID> {
        let leaving = removals.compactMap { step in
            if case .removeTarget(let removal) = step.call { removal.id } else { nil }
        }
        return Set(leaving)
    }

    /// The targets that stay, by name and by id; those that are declared are found before.
    func remainingTargets() -> [String: [TargetID]] {
        let gone = leavingTargets
        var targets: [String: [TargetID]] = [:]
        for target in installed.targets where !gone.contains(target.id) {
            targets[target.name, default: []].append(target.id)
            targets[target.id.rawValue, default: []].append(target.id)
        }
        return targets
    }

    /// The rules that stay, likewise.
    func remainingRules() -> [String: [RuleID]] {
        let gone = leavingTargets
        var rules: [String: [RuleID]] = [:]
        for rule in installed.rules
        where !leavingRules.contains(rule.id) && !(rule.targetID.map(gone.contains) ?? false) {
            rules[rule.name, default: []].append(rule.id)
            rules[rule.id.rawValue, default: []].append(rule.id)
        }
        return rules
    }

    /// The target of this name or id; `nil` for no name, and for one that is to be made.
    ///
    /// `subject` is who asks, for the message of what is thrown when there is none, or there are several.
    func place(
        ofTarget name: String?,
        among others: [String: [TargetID]],
        for subject: String
    ) throws(CommandLineError) -> TargetID? {
        guard let name else { return nil }
        if let place = places[name], !sharedNames.contains(name) { return place }
        return try Self.only(others[name] ?? [], "target", name, subject)
    }

    /// The rule of this name or id, likewise.
    func place(
        ofRule name: String?,
        among others: [String: [RuleID]],
        for subject: String
    ) throws(CommandLineError) -> RuleID? {
        guard let name else { return nil }
        if let place = rulePlaces[name], !sharedRuleNames.contains(name) { return place }
        return try Self.only(others[name] ?? [], "rule", name, subject)
    }

    private static func only<ID>(
        _ found: [ID],
        _ kind: String,
        _ name: String,
        _ subject: String
    ) throws(CommandLineError) -> ID {
        guard let only = found.first else {
            throw CommandLineError(.failed, "\(subject): there is no \(kind) \"\(name)\"")
        }
        guard found.count == 1 else {
            throw CommandLineError(
                .failed,
                "\(subject): \(found.count) \(kind)s are called \"\(name)\"; give the id of one"
            )
        }
        return only
    }
}
