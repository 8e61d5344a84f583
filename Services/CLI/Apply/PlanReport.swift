import JSON

/// A plan as people and programs read it.
struct PlanReport: Encodable {
    struct Step: Encodable {
        var action: PlanStep.Action
        var kind: PlanStep.Kind
        var name: String
        var changes: [FieldChange]

        init(_ step: PlanStep) {
            action = step.action
            kind = step.kind
            name = step.name
            changes = step.changes
        }
    }

    var steps: [Step]
    var notes: [String]

    init(_ plan: Plan) {
        steps = plan.steps.map(Step.init)
        notes = plan.notes
    }

    /// A line a step, with a line for each of its fields, and a line that counts them.
    static func lines(_ plan: Plan) -> [String] {
        plan.steps.flatMap { [$0.title] + $0.fieldLines } + plan.notes.map { "# \($0)" } + [summary(of: plan.steps)]
    }

    static func summary(of steps: [PlanStep]) -> String {
        guard !steps.isEmpty else { return "nothing to do" }
        let counts = PlanStep.Action.allCases.compactMap { action in
            let count = steps.count { $0.action == action }
            return count == 0 ? nil : "\(count) to \(action)"
        }
        return counts.joined(separator: ", ")
    }
}

extension PlanStep {
    /// A line such as `~ target router`.
    var title: String {
        let sign =
            switch action {
            case .create: "+"
            case .change: "~"
            case .replace: "±"
            case .remove: "-"
            }
        return "\(sign) \(kind) \(Output.visible(name))"
    }

    fileprivate var fieldLines: [String] {
        changes.map { change in
            let new = Self.text(change.new)
            return "    \(change.field): " + (action == .create ? new : "\(Self.text(change.old)) -> \(new)")
        }
    }

    /// A text as it is where that is clear, and anything else as JSON.
    private static func text(_ value: JSONValue?) -> String {
        guard let value else { return "none" }
        let isClear = if case .string(let text) = value { !text.isEmpty && text.allSatisfy(isVisible) } else { false }
        if isClear, case .string(let text) = value { return text }
        return String(decoding: value.json(), as: UTF8.self)
    }

    /// What cannot be mistaken for something else, and does nothing to a terminal.
    private static func isVisible(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy { $0.value > 0x20 && !(0x7f...0x9f).contains($0.value) || $0 == " " }
            && !"\"[]{}".contains(character)
    }
}
