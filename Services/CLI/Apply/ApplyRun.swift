import Contracts
import JSONRPC

/// Carries out the steps of a plan in order, until one fails.
struct ApplyRun {
    private let client: APIClient
    /// The targets and rules that were made, by name, for what names them.
    private var madeTargets: [String: TargetID] = [:]
    private var madeRules: [String: RuleID] = [:]

    /// How far a plan got.
    struct Outcome {
        var done: [PlanStep] = []
        /// The step that failed, and why; the steps after it were not begun.
        var failure: (step: PlanStep, reason: String)?
        var left: [PlanStep] = []
    }

    init(_ client: APIClient) {
        self.client = client
    }

    /// `tell` is called after each step that is done.
    mutating func all(of plan: Plan, tell: (PlanStep) -> Void) async throws -> Outcome {
        var outcome = Outcome()
        for (index, step) in plan.steps.enumerated() {
            do {
                try await carryOut(step.call)
            } catch {
                try Task.checkCancellation()
                outcome.failure = (step, (error as? RPCError)?.message ?? "\(error)")
                outcome.left = Array(plan.steps[(index + 1)...])
                return outcome
            }
            outcome.done.append(step)
            tell(step)
        }
        return outcome
    }

    private mutating func carryOut(_ call: PlanStep.Call) async throws {
        switch call {
        case .createReceiver(let new): _ = try await client.call(.createReceiver, new)
        case .replaceReceiver(let id, let new):
            // The new one first: if it is refused, the old one is still there.
            _ = try await client.call(.createReceiver, new)
            _ = try await client.call(.deleteReceiver, ReceiverReference(id: id))
        case .createTarget(let new):
            let target = try await client.call(.createTarget, new)
            madeTargets[target.name] = target.id
        case .changeTarget(let change): _ = try await client.call(.updateTarget, change)
        case .removeTarget(let removal): _ = try await client.call(.deleteTarget, removal)
        case .createCheck(let new): _ = try await client.call(.createCheck, new)
        case .changeCheck(let change): _ = try await client.call(.updateCheck, change)
        case .removeCheck(let id): _ = try await client.call(.deleteCheck, CheckReference(id: id))
        case .createRule(let new, let target, let isEnabled): try await create(new, target, isEnabled)
        case .changeRule(let change): _ = try await client.call(.updateRule, change)
        case .removeRule(let id): _ = try await client.call(.deleteRule, RuleReference(id: id))
        case .replaceRule(let id, let new, let target, let isEnabled):
            try await create(new, target, isEnabled)
            _ = try await client.call(.deleteRule, RuleReference(id: id))
        case .createSilence(let new, let target, let rule): try await create(new, target, rule)
        case .changeSilence(let change): _ = try await client.call(.updateSilence, change)
        case .replaceSilence(let id, let new, let target, let rule):
            try await create(new, target, rule)
            _ = try await client.call(.deleteSilence, SilenceReference(id: id))
        case .removeSilence(let id): _ = try await client.call(.deleteSilence, SilenceReference(id: id))
        case .createMaintenance(var new, let targets):
            if !targets.isEmpty { new.targetIDs = (new.targetIDs ?? []) + (try targets.map(madeTarget)) }
            _ = try await client.call(.createMaintenance, new)
        case .changeMaintenance(var change, let targets):
            if !targets.isEmpty { change.targetIDs = (change.targetIDs ?? []) + (try targets.map(madeTarget)) }
            _ = try await client.call(.updateMaintenance, change)
        }
    }

    private func madeTarget(_ name: String) throws(CommandLineError) -> TargetID {
        guard let id = madeTargets[name] else { throw CommandLineError(.failed, "target \"\(name)\" was not made") }
        return id
    }

    private func create(_ new: NewSilence, _ target: String?, _ rule: String?) async throws {
        var new = new
        if let target { new.targetID = try madeTarget(target) }
        if let rule {
            guard let id = madeRules[rule] else { throw CommandLineError(.failed, "rule \"\(rule)\" was not made") }
            new.ruleID = id
        }
        _ = try await client.call(.createSilence, new)
    }

    private mutating func create(_ new: NewRule, _ target: String?, _ isEnabled: Bool) async throws {
        var new = new
        if let target { new.targetID = try madeTarget(target) }
        let rule = try await client.call(.createRule, new)
        madeRules[rule.name] = rule.id
        guard !isEnabled else { return }
        _ = try await client.call(.updateRule, RuleChange(id: rule.id, enabled: false))
    }
}
