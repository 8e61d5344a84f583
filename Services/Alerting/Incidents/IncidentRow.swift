import Contracts
import Database

extension Incident {
    static let columns: SQL = """
        incident.id, rule_id, rule_name, severity, target_id, target_name, check_id, check_type, agent_id,
        incident.state, cause, started_at, ended_at, endpoint
        """

    /// A column that follows `columns` for `init(withSilence:at:)`.
    static func silencedUntil(at now: Timestamp) -> SQL {
        """
        (SELECT max(ends_at) FROM silence WHERE incident.state = 'firing' AND \(Silence.holds(at: now)))
        """
    }

    init(withSilence row: any DatabaseRow, at now: Timestamp) throws {
        try self.init(row, at: now)
        let end: Int64? = try row[14]
        silencedUntil = end.map(Timestamp.init(microseconds:))
    }

    /// Of the columns from `first` on; lasts until `now` when it has no end.
    init(_ row: any DatabaseRow, from first: Int = 0, at now: Timestamp) throws {
        let started = Timestamp(microseconds: try row.integer(first + 11))
        let end: Int64? = try row[first + 12]
        let ended = end.map(Timestamp.init(microseconds:))
        self.init(
            id: IncidentID(rawValue: try row.text(first)),
            ruleID: RuleID(rawValue: try row.text(first + 1)),
            ruleName: try row.text(first + 2),
            severity: try row.word(first + 3),
            targetID: TargetID(rawValue: try row.text(first + 4)),
            targetName: try row.text(first + 5),
            checkID: CheckID(rawValue: try row.text(first + 6)),
            checkType: try row.word(first + 7),
            agentID: AgentID(rawValue: try row.text(first + 8)),
            endpoint: try row.text(first + 13),
            state: try row.word(first + 9),
            cause: try row.text(first + 10),
            startedAt: started,
            endedAt: ended,
            durationMilliseconds: max(0, Int(started.duration(to: ended ?? now) / .milliseconds(1)))
        )
    }
}

extension DatabaseConnection {
    func insert(_ incident: Incident, of tenant: TenantID) throws {
        try execute(
            """
            INSERT INTO incident (tenant, id, rule_id, rule_name, severity, target_id, target_name, check_id,
                check_type, agent_id, endpoint, state, cause, started_at)
            VALUES (\(tenant.rawValue), \(incident.id.rawValue), \(incident.ruleID.rawValue), \(incident.ruleName),
                \(incident.severity.rawValue), \(incident.targetID.rawValue), \(incident.targetName),
                \(incident.checkID.rawValue), \(incident.checkType.rawValue), \(incident.agentID.rawValue),
                \(incident.endpoint ?? ""), \(incident.state.rawValue), \(incident.cause), \(incident.startedAt.microseconds))
            """
        )
    }

    func resolve(_ id: IncidentID, at end: Timestamp) throws {
        try execute(
            """
            UPDATE incident SET state = 'resolved', ended_at = \(end.microseconds)
            WHERE id = \(id.rawValue) AND state = 'firing'
            """
        )
    }

    /// Ends whatever a rule made, and forgets what it counted.
    func resolveIncidents(of rule: RuleID, at now: Timestamp) throws {
        try resolveIncidents(where: "rule_id = \(rule.rawValue)", at: now)
        try execute("DELETE FROM streak WHERE rule_id = \(rule.rawValue)")
    }

    func resolveIncidents(where condition: SQL, at now: Timestamp) throws {
        let open = try rows("SELECT id FROM incident WHERE state = 'firing' AND \(condition)") { row in
            IncidentID(rawValue: try row.text(0))
        }
        for id in open {
            try resolve(id, at: now)
            try announceResolved(of: id, at: now)
        }
    }
}
