import Contracts
import Database

/// Up to where measurements are evaluated, and by which rules.
struct EvaluationProgress: Sendable {
    /// The store's cursor; `nil` before the first start of all.
    var cursor: Int?
    /// Which state of the rules.
    var revision: Int
}

/// The rules are others than those that were evaluated by.
struct RulesChanged: Error {}

extension DatabaseConnection {
    /// What a new run goes on from.
    func evaluation(_ limits: AlertingLimits) throws -> (Evaluator, EvaluationProgress) {
        let evaluator = Evaluator(
            rules: try rulesByTenant(),
            streaks: try streaks(),
            maximumStreaks: limits.streaks,
            lateAfter: limits.lateAfter
        )
        return (evaluator, EvaluationProgress(cursor: try counter("cursor"), revision: try counter("revision") ?? 0))
    }

    /// Writes down what changed and the cursor that led to it, together: neither is ever seen without the other.
    ///
    /// Throws `RulesChanged` when the rules that led to the changes have another revision by now.
    func save(_ changes: Evaluator.Changes, _ progress: EvaluationProgress, at now: Timestamp) throws {
        guard try changes.isEmpty || counter("revision") == progress.revision else { throw RulesChanged() }
        for transition in changes.transitions {
            switch transition {
            case .fired(let incident, let tenant):
                try insert(incident, of: tenant)
                try announceFiring(of: incident.id, of: tenant, at: now)
            case .resolved(let id, let end):
                try resolve(id, at: end)
                try announceResolved(of: id, at: now)
            }
        }
        for (key, streak) in changes.streaks { try save(streak, key) }
        guard let cursor = progress.cursor else { return }
        try execute(
            """
            INSERT INTO counter (name, value) VALUES ('cursor', \(cursor))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """
        )
    }
}
