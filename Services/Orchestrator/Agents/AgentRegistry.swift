import Contracts
import Database
import JSONRPC
import Lifecycle
import Synchronization

/// Answers `agent.*`, and knows which agents are alive.
///
/// Heartbeats are kept in memory and written down now and then, since each is outdated by the next.
final class AgentRegistry: Sendable {
    private struct Presence {
        var lastSeen: [AgentID: Timestamp] = [:]
        /// Agents seen since the last time that was written down.
        var unsaved: Set<AgentID> = []
    }

    /// An agent that was not heard of for so long has no share of anything until it registers again.
    private static let forgottenAfter = Duration.seconds(3_600)
    /// Heartbeats that may be missed.
    private static let missedHeartbeats = 3

    private let inventory: Inventory
    private let heartbeat: Duration
    private let defaults: DefaultTargets
    private let now: @Sendable () -> Timestamp
    private let presence = Mutex(Presence())

    init(
        _ inventory: Inventory,
        heartbeat: Duration,
        defaults: DefaultTargets,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.inventory = inventory
        self.heartbeat = heartbeat
        self.defaults = defaults
        self.now = now
    }

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.registerAgent, register)
        router.handle(.heartbeat, noteHeartbeat)
        router.handle(.listAgents, list)
    }

    /// Reads who was there before this process began.
    func load() async throws {
        let agents = try await inventory.read { [tenant = inventory.tenant] in try $0.agents(of: tenant) }
        presence.withLock { presence in
            for agent in agents { presence.lastSeen[agent.id] = agent.lastSeenAt }
        }
    }

    func register(_ registration: AgentRegistration) async throws -> AgentWelcome {
        try registration.validate()
        let now = now()
        let id = try await inventory.write { [inventory] connection in
            let known = try connection.agent(named: registration.name, of: inventory.tenant)
            if known == nil {
                let count = try connection.count("SELECT count(*) FROM agent WHERE tenant = \(inventory.tenant)")
                guard count < inventory.limits.agents else {
                    throw RPCError(.conflict, "there are \(count) agents already, which is the limit")
                }
            }
            let agent = AgentRow(
                id: known?.id ?? .make(),
                name: registration.name,
                version: registration.version,
                labels: registration.labels,
                registeredAt: known?.registeredAt ?? now,
                lastSeenAt: now
            )
            try connection.upsert(agent, of: inventory.tenant)
            return agent.id
        }
        let isNew = !recent.contains(id)
        presence.withLock { $0.lastSeen[id] = now }
        // One agent more is another share of the targets' rates for all.
        if isNew { try await inventory.change { _ in } }
        try await defaults.create(seenFrom: registration.surroundings, in: inventory, at: now)
        return AgentWelcome(id: id, heartbeatMilliseconds: Int(heartbeat / .milliseconds(1)))
    }

    /// Throws `notFound` for an agent that never registered here; it is to do so again.
    func noteHeartbeat(_ reference: AgentReference) async throws -> Empty {
        let now = now()
        let isKnown = presence.withLock { presence in
            guard presence.lastSeen[reference.id] != nil else { return false }
            presence.lastSeen[reference.id] = now
            presence.unsaved.insert(reference.id)
            return true
        }
        guard isKnown else { throw RPCError.noAgent(reference.id) }
        return Empty()
    }

    func list(_: Empty) async throws -> AgentList {
        let rows = try await inventory.read { [tenant = inventory.tenant] in try $0.agents(of: tenant) }
        let lastSeen = presence.withLock { $0.lastSeen }
        let deadline = offlineBefore
        return AgentList(
            agents: rows.map { row in
                let seen = lastSeen[row.id] ?? row.lastSeenAt
                return Agent(
                    id: row.id,
                    name: row.name,
                    version: row.version,
                    labels: row.labels,
                    state: seen >= deadline ? .online : .offline,
                    registeredAt: row.registeredAt,
                    lastSeenAt: seen
                )
            }
        )
    }

    func isKnown(_ id: AgentID) -> Bool {
        presence.withLock { $0.lastSeen[id] != nil }
    }

    /// Agents that are alive.
    var onlineCount: Int {
        let deadline = offlineBefore
        return presence.withLock { $0.lastSeen.values.count { $0 >= deadline } }
    }

    /// Agents that were heard of lately, in the order of their ids.
    var recent: [AgentID] {
        let deadline = now().advanced(by: .zero - Self.forgottenAfter)
        let seen = presence.withLock { $0.lastSeen.filter { $0.value >= deadline } }
        return seen.keys.sorted { $0.rawValue < $1.rawValue }
    }

    private var offlineBefore: Timestamp {
        now().advanced(by: heartbeat * -Self.missedHeartbeats)
    }

    /// Writes down who was seen since the last time.
    func save() async throws {
        let seen = presence.withLock { presence in
            defer { presence.unsaved = [] }
            return presence.unsaved.compactMap { id in presence.lastSeen[id].map { (id, $0) } }
        }
        guard !seen.isEmpty else { return }
        try await inventory.write { connection in
            for (id, time) in seen {
                try connection.execute(
                    "UPDATE agent SET last_seen_at = \(time.microseconds) WHERE id = \(id.rawValue)"
                )
            }
        }
    }
}

extension RPCError {
    static func noAgent(_ id: AgentID) -> Self {
        Self(.notFound, "there is no agent \(id); it is to register")
    }
}

extension AgentRegistration {
    func validate() throws(RPCError) {
        try checkText(name, "name", 1...200)
        try checkText(version, "version", 0...64)
        try checkLabels(labels)
        guard surroundings.resolvers.count <= 16 else { throw invalid("surroundings.resolvers", "must be at most 16") }
    }
}
