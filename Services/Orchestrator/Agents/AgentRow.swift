import Contracts
import Database
import JSON

/// An agent as it is stored; whether it is alive is known to the registry.
struct AgentRow: Sendable {
    var id: AgentID
    var name: String
    var version: String
    var labels: [String: String]
    var registeredAt: Timestamp
    var lastSeenAt: Timestamp

    static let columns: SQL = "id, name, version, labels, registered_at, last_seen_at"
}

extension AgentRow {
    init(_ row: any DatabaseRow) throws {
        self.init(
            id: AgentID(rawValue: try row.text(0)),
            name: try row.text(1),
            version: try row.text(2),
            labels: try decodeJSON([String: String].self, from: try row.text(3).utf8),
            registeredAt: Timestamp(microseconds: try row.integer(4)),
            lastSeenAt: Timestamp(microseconds: try row.integer(5))
        )
    }
}

extension DatabaseConnection {
    func agents(of tenant: String) throws -> [AgentRow] {
        try rows("SELECT \(AgentRow.columns) FROM agent WHERE tenant = \(tenant) ORDER BY name, id", AgentRow.init)
    }

    func agent(named name: String, of tenant: String) throws -> AgentRow? {
        try first(
            "SELECT \(AgentRow.columns) FROM agent WHERE tenant = \(tenant) AND name = \(name)",
            AgentRow.init
        )
    }

    /// Adds an agent, or replaces what it said of itself before.
    func upsert(_ agent: AgentRow, of tenant: String) throws {
        try execute(
            """
            INSERT INTO agent (tenant, \(AgentRow.columns))
            VALUES (\(tenant), \(agent.id.rawValue), \(agent.name), \(agent.version), \(try jsonText(agent.labels)),
                \(agent.registeredAt.microseconds), \(agent.lastSeenAt.microseconds))
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, labels = excluded.labels,
                last_seen_at = excluded.last_seen_at
            """
        )
    }
}
