import Contracts
import JSON
import JSONRPC

/// Finds out what is to be done: a pure function of what files declare and what there is.
///
/// What a declaration leaves out has its default, so that the same files always lead to the same place. Receivers come
/// first, then targets with their checks, then rules, silences and maintenance; what is removed comes last.
struct Planner {
    /// Whether what belongs to the set, and is not declared any more, is removed.
    var prunes: Bool
    let declared: Declarations
    let installed: Installed
    /// What is over by then is not made.
    let now: Timestamp
    var plan = Plan()
    /// The targets that are declared, by name: the id of one that is there, or nothing for one that is to be made.
    var places: [String: TargetID?] = [:]
    /// The names that several declared targets have, each then known by its id.
    var sharedNames: Set<String> = []
    /// The declared targets that are there.
    var kept: Set<TargetID> = []
    /// The rules that are declared, by name: the id of one that stays, or nothing for one that is to be made.
    var rulePlaces: [String: RuleID?] = [:]
    /// The names that several declared rules have.
    var sharedRuleNames: Set<String> = []
    /// The rules that go, because they are removed or made anew; their silences go with them.
    var leavingRules: Set<RuleID> = []
    /// What is done in the end.
    var removals: [PlanStep] = []

    /// Throws `.failed` when a declaration may mean several things, or one that belongs to another set, and `.usage`
    /// when it cannot be known what to prune.
    static func plan(
        _ declared: Declarations,
        _ installed: Installed,
        prunes: Bool,
        at now: Timestamp
    ) throws(CommandLineError) -> Plan {
        if prunes {
            guard declared.set != nil else {
                throw CommandLineError(.usage, "to prune, the files must name their set, or --set must")
            }
            guard declared.targets != nil else {
                throw CommandLineError(
                    .badData,
                    "to prune, the files must have a list of targets, if only an empty one"
                )
            }
        }
        var planner = Planner(prunes: prunes, declared: declared, installed: installed, now: now)
        try planner.planReceivers()
        try planner.planTargets()
        try planner.planRules()
        try planner.planSilences()
        try planner.planMaintenance()
        planner.plan.steps += planner.removals
        return planner.plan
    }

    mutating func add(
        _ action: PlanStep.Action,
        _ kind: PlanStep.Kind,
        _ name: String,
        _ changes: [FieldChange],
        _ call: PlanStep.Call
    ) {
        plan.steps.append(PlanStep(action: action, kind: kind, name: name, changes: changes, call: call))
    }
}

/// A value as JSON, to be compared field by field.
func jsonFields(_ value: some Encodable) throws(CommandLineError) -> JSONValue {
    do {
        return try JSONValue(json: encodeJSON(value))
    } catch {
        throw CommandLineError(.failed, "\(type(of: value)) cannot be compared: \(error)")
    }
}
