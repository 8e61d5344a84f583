import Contracts
import Database
import JSONRPC

extension Silence {
    static let columns: SQL = """
        id, reason, starts_at, ends_at, rule_id, target_id, check_type, agent_id, severity, created_by, created_at,
        updated_at
        """

    init(_ row: any DatabaseRow) throws {
        let (rule, target, agent): (String?, String?, String?) = (try row[4], try row[5], try row[7])
        self.init(
            id: SilenceID(rawValue: try row.text(0)),
            reason: try row.text(1),
            from: Timestamp(microseconds: try row.integer(2)),
            to: Timestamp(microseconds: try row.integer(3)),
            ruleID: rule.map(RuleID.init(rawValue:)),
            targetID: target.map(TargetID.init(rawValue:)),
            checkType: row.isNull(6) ? nil : try row.word(6),
            agentID: agent.map(AgentID.init(rawValue:)),
            severity: row.isNull(8) ? nil : try row.word(8),
            createdBy: try row.text(9),
            createdAt: Timestamp(microseconds: try row.integer(10)),
            updatedAt: Timestamp(microseconds: try row.integer(11))
        )
    }

    /// That a silence is about a row of `incident`, and holds at `now`.
    static func holds(at now: Timestamp) -> SQL {
        """
        silence.tenant = incident.tenant
            AND silence.starts_at <= \(now.microseconds) AND silence.ends_at > \(now.microseconds)
            AND coalesce(silence.rule_id, incident.rule_id) = incident.rule_id
            AND coalesce(silence.target_id, incident.target_id) = incident.target_id
            AND coalesce(silence.check_type, incident.check_type) = incident.check_type
            AND coalesce(silence.agent_id, incident.agent_id) = incident.agent_id
            AND coalesce(silence.severity, incident.severity) = incident.severity
        """
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is none.
    func silence(_ id: SilenceID, of tenant: TenantID) throws -> Silence {
        let query: SQL = """
            SELECT \(Silence.columns) FROM silence WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)
            """
        guard let silence = try first(query, Silence.init) else {
            throw RPCError(.notFound, "there is no silence \(id)")
        }
        return silence
    }

    func silences(of tenant: TenantID) throws -> [Silence] {
        let query: SQL = """
            SELECT \(Silence.columns) FROM silence WHERE tenant = \(tenant.rawValue) ORDER BY starts_at DESC, id DESC
            """
        return try rows(query, Silence.init)
    }

    /// Adds a silence, or changes when the one of its id is, and why.
    func upsert(_ silence: Silence, of tenant: TenantID) throws {
        try execute(
            """
            INSERT INTO silence (tenant, \(Silence.columns))
            VALUES (\(tenant.rawValue), \(silence.id.rawValue), \(silence.reason), \(silence.from.microseconds),
                \(silence.to.microseconds), \(silence.ruleID?.rawValue), \(silence.targetID?.rawValue),
                \(silence.checkType?.rawValue), \(silence.agentID?.rawValue), \(silence.severity?.rawValue),
                \(silence.createdBy), \(silence.createdAt.microseconds), \(silence.updatedAt.microseconds))
            ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, updated_at = excluded.updated_at
            """
        )
    }

    /// When the next silence ends that holds now or will, which is when what it held back is to be told.
    func nextEndOfSilence(after now: Timestamp) throws -> Timestamp? {
        let next: Int64?? = try value("SELECT min(ends_at) FROM silence WHERE ends_at > \(now.microseconds)")
        return (next ?? nil).map(Timestamp.init(microseconds:))
    }
}
