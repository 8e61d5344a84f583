import Contracts
import Database
import JSON

extension Check {
    static let columns: SQL = """
        check_definition.id, check_definition.target_id, type, interval_ms, timeout_ms, options,
        check_definition.enabled, check_definition.created_at, check_definition.updated_at, agents, schedule
        """

    init(_ row: any DatabaseRow) throws {
        guard let type = CheckType(rawValue: try row.text(2)) else {
            throw DatabaseError(.corrupt, "a check has an unknown type")
        }
        self.init(
            id: CheckID(rawValue: try row.text(0)),
            targetID: TargetID(rawValue: try row.text(1)),
            type: type,
            intervalMilliseconds: try row[3],
            timeoutMilliseconds: try row[4],
            options: try decodeJSON(CheckOptions.self, from: try row.text(5).utf8),
            agents: row.isNull(9) ? nil : try decodeJSON(AgentSelector.self, from: try row.text(9).utf8),
            schedule: row.isNull(10) ? nil : try decodeJSON(Schedule.self, from: try row.text(10).utf8),
            enabled: try row[6],
            createdAt: Timestamp(microseconds: try row.integer(7)),
            updatedAt: Timestamp(microseconds: try row.integer(8))
        )
    }
}

extension DatabaseConnection {
    func check(_ id: CheckID, of tenant: TenantID) throws -> Check? {
        try first(
            "SELECT \(Check.columns) FROM check_definition WHERE tenant = \(tenant.rawValue) AND id = \(id.rawValue)",
            Check.init
        )
    }

    func insert(_ check: Check, of tenant: TenantID) throws {
        try execute(
            """
            INSERT INTO check_definition (
                tenant, id, target_id, type, interval_ms, timeout_ms, options, enabled, created_at, updated_at,
                agents, rate, schedule)
            VALUES (\(tenant.rawValue), \(check.id.rawValue), \(check.targetID.rawValue), \(check.type.rawValue),
                \(check.intervalMilliseconds), \(check.timeoutMilliseconds), \(try jsonText(check.options)),
                \(check.enabled), \(check.createdAt.microseconds), \(check.updatedAt.microseconds),
                \(try check.agents.map(jsonText)), \(check.rate),
                \(try check.schedule.map(jsonText)))
            """
        )
    }

    func update(_ check: Check, of tenant: TenantID) throws {
        try execute(
            """
            UPDATE check_definition SET interval_ms = \(check.intervalMilliseconds),
                timeout_ms = \(check.timeoutMilliseconds), options = \(try jsonText(check.options)),
                enabled = \(check.enabled), updated_at = \(check.updatedAt.microseconds),
                agents = \(try check.agents.map(jsonText)), rate = \(check.rate),
                schedule = \(try check.schedule.map(jsonText))
            WHERE tenant = \(tenant.rawValue) AND id = \(check.id.rawValue)
            """
        )
    }
}
