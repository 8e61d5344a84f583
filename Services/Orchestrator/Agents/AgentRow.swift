import Contracts
import Database
import JSON

/// An agent as it is stored; whether it is alive is known to the registry.
struct AgentRow: Sendable {
    var id: AgentID
    var name: String
    var version: String
    /// Of itself, and those that operators have added.
    var ownLabels: [String: String]
    var addedLabels: [String: String] = [:]
    /// Of the node that it is on, as the cluster has them; what the agent or an operator says wins.
    var nodeLabels: [String: String] = [:]
    var capabilities: [CheckType]
    var mode = Agent.Mode.active
    var weight = 1
    var registeredAt: Timestamp
    var lastSeenAt: Timestamp
    /// The machine of a cluster that it is on.
    var node: String?
    var reachable: AgentReach?

    /// Agents are the installation's, and measure for all tenants.
    static let everyTenant = "*"
    static let columns: SQL = """
        id, name, version, labels, registered_at, last_seen_at, added_labels, capabilities, mode, weight,
        node, reachable, node_labels
        """

    var labels: [String: String] {
        var labels = nodeLabels.merging(ownLabels) { $1 }.merging(addedLabels) { $1 }
        // Who is on a node is known, and nobody else may say so.
        if node != nil {
            labels[AgentSelector.platform] = AgentSelector.kubernetes
        } else if labels[AgentSelector.platform] == AgentSelector.kubernetes {
            labels[AgentSelector.platform] = nil
        }
        return labels
    }
}

extension AgentRow {
    init(_ row: any DatabaseRow) throws {
        // A type that a later version knew is none that this one could assign.
        let types = try decodeJSON([String].self, from: try row.text(7).utf8)
        self.init(
            id: AgentID(rawValue: try row.text(0)),
            name: try row.text(1),
            version: try row.text(2),
            ownLabels: try decodeJSON([String: String].self, from: try row.text(3).utf8),
            addedLabels: try decodeJSON([String: String].self, from: try row.text(6).utf8),
            nodeLabels: try decodeJSON([String: String].self, from: try row.text(12).utf8),
            capabilities: types.compactMap(CheckType.init(rawValue:)),
            mode: Agent.Mode(rawValue: try row.text(8)) ?? .active,
            weight: try row[9],
            registeredAt: Timestamp(microseconds: try row.integer(4)),
            lastSeenAt: Timestamp(microseconds: try row.integer(5)),
            node: row.isNull(10) ? nil : try row.text(10),
            reachable: row.isNull(11) ? nil : try decodeJSON(AgentReach.self, from: try row.text(11).utf8)
        )
    }
}

extension DatabaseConnection {
    func agents() throws -> [AgentRow] {
        try rows("SELECT \(AgentRow.columns) FROM agent ORDER BY name, id", AgentRow.init)
    }

    /// `nil` when there is none.
    func knownAgent(_ id: AgentID) throws -> AgentRow? {
        try first("SELECT \(AgentRow.columns) FROM agent WHERE id = \(id.rawValue)", AgentRow.init)
    }

    func agent(named name: String) throws -> AgentRow? {
        try first("SELECT \(AgentRow.columns) FROM agent WHERE name = \(name)", AgentRow.init)
    }

    /// Adds an agent, or replaces what it said of itself before.
    func upsert(_ agent: AgentRow) throws {
        try execute(
            """
            INSERT INTO agent (tenant, \(AgentRow.columns))
            VALUES (\(AgentRow.everyTenant), \(agent.id.rawValue), \(agent.name), \(agent.version),
                \(try jsonText(agent.ownLabels)), \(agent.registeredAt.microseconds),
                \(agent.lastSeenAt.microseconds), \(try jsonText(agent.addedLabels)),
                \(try jsonText(agent.capabilities)), \(agent.mode.rawValue), \(agent.weight),
                \(agent.node), \(try agent.reachable.map(jsonText)), \(try jsonText(agent.nodeLabels)))
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, labels = excluded.labels,
                capabilities = excluded.capabilities, last_seen_at = excluded.last_seen_at, node = excluded.node,
                reachable = excluded.reachable, node_labels = excluded.node_labels
            """
        )
    }
}

extension AgentSelector {
    /// The agents on the nodes of a cluster: they alone know its names, and reach what has only an address there.
    static let cluster = Self(labels: [platform: kubernetes])
    static let platform = "platform"
    static let kubernetes = "kubernetes"

    /// So many of those that this one selects.
    func limited(to count: Int) -> Self { Self(labels: labels, count: count) }
}
