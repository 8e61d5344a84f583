import Contracts
import Database
import JSONRPC

/// Answers what people and operators ask and tell of agents.
struct AgentCatalog: Sendable {
    let inventory: Inventory
    let registry: AgentRegistry

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listAgents, list)
        router.handle(.getAgent, get)
        router.handle(.updateAgent, update)
        router.handle(.commandAgent, command)
        router.handle(.deleteAgent, delete)
    }

    private func list(_: Empty) async throws -> AgentList {
        let rows = try await inventory.read { try $0.agents() }
        return AgentList(agents: rows.map(registry.agent))
    }

    private func get(_ reference: AgentReference) async throws -> Agent {
        registry.agent(try await inventory.read { try $0.agent(reference.id) })
    }

    private func update(_ change: AgentChange) async throws -> Agent {
        if let labels = change.labels { try checkLabels(labels) }
        if let weight = change.weight { try checkNumber(weight, "weight", 1...1_000) }
        let row = try await inventory.change { connection in
            var row = try connection.agent(change.id)
            row.addedLabels = change.labels ?? row.addedLabels
            row.weight = change.weight ?? row.weight
            try connection.configure(row)
            return row
        }
        return registry.agent(row)
    }

    private func command(_ command: AgentCommand) async throws -> Empty {
        try await inventory.change { connection in
            var row = try connection.agent(command.id)
            switch command.action {
            case .start: row.mode = .active
            case .stop: row.mode = .stopped
            case .drain: row.mode = .draining
            }
            try connection.configure(row)
        }
        return Empty()
    }

    private func delete(_ reference: AgentReference) async throws -> Empty {
        try await inventory.change { [registry] connection in
            let row = try connection.agent(reference.id)
            guard row.mode == .stopped || registry.agent(row).state == .offline else {
                throw RPCError(.conflict, "the agent is online; stop it first")
            }
            try connection.execute("DELETE FROM agent WHERE id = \(reference.id.rawValue)")
        }
        registry.forget(reference.id)
        return Empty()
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is none.
    fileprivate func agent(_ id: AgentID) throws -> AgentRow {
        guard let row = try knownAgent(id) else { throw RPCError(.notFound, "there is no agent \(id)") }
        return row
    }

    /// Writes what operators have said of an agent.
    fileprivate func configure(_ agent: AgentRow) throws {
        try execute(
            """
            UPDATE agent SET added_labels = \(try jsonText(agent.addedLabels)), weight = \(agent.weight),
                mode = \(agent.mode.rawValue) WHERE id = \(agent.id.rawValue)
            """
        )
    }
}
