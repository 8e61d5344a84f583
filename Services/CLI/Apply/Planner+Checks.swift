import Contracts
import JSON

extension Planner {
    /// What the orchestrator gives a check that says nothing.
    private static let defaultInterval = 2_500
    private static let defaultTimeout = 3_000

    mutating func planChecks(_ items: [DeclaredCheck], of target: Target) throws(CommandLineError) {
        let old = installed.checks[target.id] ?? []
        let matching = try CheckMatching(items, old, of: target.name)
        for (item, match) in zip(items, matching.matches) {
            let name = "\(target.name) / \(item.type)"
            guard let match else {
                var new = NewCheck(targetID: target.id, type: item.type)
                new.intervalMilliseconds = item.intervalMilliseconds
                new.timeoutMilliseconds = item.timeoutMilliseconds
                new.options = item.options
                new.agents = item.agents?.orNothing
                new.schedule = item.schedule?.orNothing
                new.enabled = item.enabled == false ? false : nil
                let changes = FieldChange.between(nil, try jsonFields(NewTargetCheck(item)))
                add(.create, .check, name, changes, .createCheck(new))
                continue
            }
            try planChange(of: match, to: item, name)
        }
        planRemovals(of: matching.rest, of: target)
    }

    private mutating func planChange(of old: Check, to item: DeclaredCheck, _ name: String) throws(CommandLineError) {
        var (before, new) = (old, old)
        before.agents = old.agents?.orNothing
        new.intervalMilliseconds = item.intervalMilliseconds ?? Self.defaultInterval
        new.timeoutMilliseconds = item.timeoutMilliseconds ?? Self.defaultTimeout
        new.options = item.options ?? CheckOptions()
        new.agents = item.agents?.orNothing
        new.schedule = item.schedule?.orNothing
        // The orchestrator counts from when it was set, and says so.
        if new.schedule?.repetition != nil, new.schedule?.from == nil { new.schedule?.from = old.schedule?.from }
        new.enabled = item.enabled ?? true
        let changes = FieldChange.between(try jsonFields(before), try jsonFields(new))
        guard !changes.isEmpty else { return }
        let change = CheckChange(
            id: old.id,
            intervalMilliseconds: before.intervalMilliseconds == new.intervalMilliseconds
                ? nil : new.intervalMilliseconds,
            timeoutMilliseconds: before.timeoutMilliseconds == new.timeoutMilliseconds ? nil : new.timeoutMilliseconds,
            options: before.options == new.options ? nil : new.options,
            agents: before.agents == new.agents ? nil : new.agents ?? AgentSelector(),
            schedule: before.schedule == new.schedule ? nil : new.schedule ?? Schedule(),
            enabled: before.enabled == new.enabled ? nil : new.enabled
        )
        add(.change, .check, name, changes, .changeCheck(change))
    }

    private mutating func planRemovals(of rest: [Check], of target: Target) {
        for check in rest {
            let name = "\(target.name) / \(check.type)"
            guard prunes else {
                plan.notes.append("check \(name) (\(check.id)) is not declared, and stays without --prune")
                continue
            }
            removals.append(
                PlanStep(action: .remove, kind: .check, name: name, changes: [], call: .removeCheck(check.id))
            )
        }
    }
}

/// Which check that is there each declared one means, so that an edit changes a check and keeps its history.
struct CheckMatching {
    /// One for each declared check; nothing for one that is new.
    private(set) var matches: [Check?]
    /// Those that nobody declares, in order.
    private(set) var rest: [Check]

    /// By id; then by type, options and agents; by type and options; and what is left by type, in order.
    init(_ declared: [DeclaredCheck], _ checks: [Check], of target: String) throws(CommandLineError) {
        matches = Array(repeating: nil, count: declared.count)
        rest = checks
        for (index, item) in declared.enumerated() {
            guard let id = item.id else { continue }
            guard let place = rest.firstIndex(where: { $0.id == id && $0.type == item.type }) else {
                let message = "target \"\(target)\": it has no \(item.type) check with the id \(id)"
                throw CommandLineError(.failed, message)
            }
            matches[index] = rest.remove(at: place)
        }
        match(declared) { Self.isAlike($0, $1) && $0.agents?.orNothing == $1.agents?.orNothing }
        match(declared, Self.isAlike)
        match(declared) { _, _ in true }
    }

    private mutating func match(_ declared: [DeclaredCheck], _ isMeant: (DeclaredCheck, Check) -> Bool) {
        for (index, item) in declared.enumerated() where matches[index] == nil {
            guard let place = rest.firstIndex(where: { $0.type == item.type && isMeant(item, $0) }) else { continue }
            matches[index] = rest.remove(at: place)
        }
    }

    private static func isAlike(_ item: DeclaredCheck, _ check: Check) -> Bool {
        (item.options ?? CheckOptions()) == check.options
    }
}
