import Contracts
import Database

extension DatabaseConnection {
    func streaks() throws -> [Evaluator.Key: Streak] {
        var streaks: [Evaluator.Key: Streak] = [:]
        try query(
            """
            SELECT rule_id, check_id, agent_id, target_id, newest, is_crossing, count, since, incident_id, endpoint
            FROM streak
            """
        ) { row in
            let key = Evaluator.Key(
                rule: RuleID(rawValue: try row.text(0)),
                check: CheckID(rawValue: try row.text(1)),
                agent: AgentID(rawValue: try row.text(2)),
                endpoint: try row.text(9)
            )
            var streak = Streak(of: TargetID(rawValue: try row.text(3)))
            streak.newest = Timestamp(microseconds: try row.integer(4))
            streak.isCrossing = try row[5]
            streak.count = try row[6]
            streak.since = Timestamp(microseconds: try row.integer(7))
            let incident: String? = try row[8]
            streak.incident = incident.map(IncidentID.init(rawValue:))
            streaks[key] = streak
        }
        return streaks
    }

    func save(_ streak: Streak, _ key: Evaluator.Key) throws {
        try execute(
            """
            INSERT INTO streak (rule_id, check_id, agent_id, endpoint, target_id, newest, is_crossing, count, since,
                incident_id)
            VALUES (\(key.rule.rawValue), \(key.check.rawValue), \(key.agent.rawValue), \(key.endpoint),
                \(streak.targetID.rawValue), \(streak.newest.microseconds), \(streak.isCrossing), \(streak.count),
                \(streak.since.microseconds), \(streak.incident?.rawValue))
            ON CONFLICT (rule_id, check_id, agent_id, endpoint) DO UPDATE SET newest = excluded.newest,
                is_crossing = excluded.is_crossing, count = excluded.count, since = excluded.since,
                incident_id = excluded.incident_id
            """
        )
    }

    /// Begins counting anew, as for a rule whose threshold changed; what fires goes on until it is calm by that.
    func restartStreaks(of rule: RuleID) throws {
        try execute("UPDATE streak SET count = 0 WHERE rule_id = \(rule.rawValue)")
    }
}
