import Contracts
import Database
import EventLoop
import JSONRPC
import Lifecycle
import Synchronization
import Tokens

/// Answers what agents say, and knows which of them are alive.
///
/// Heartbeats are kept in memory and written down now and then, since each is outdated by the next.
final class AgentRegistry: Sendable {
    private struct Presence {
        var lastSeen: [AgentID: Timestamp] = [:]
        /// Agents seen since the last time that was written down.
        var unsaved: Set<AgentID> = []
        /// Agents that were alive when that was written down last, before this process began.
        var inherited: Set<AgentID> = []
    }

    /// An agent that was not heard of for so long has no share of anything until it registers again.
    private static let forgottenAfter = Duration.seconds(3_600)
    /// Heartbeats that may be missed.
    private static let missedHeartbeats = 3

    private let inventory: Inventory
    private let heartbeat: Duration
    private let defaults: DefaultTargets
    private let now: @Sendable () -> Timestamp
    private let startedAt: Timestamp
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
        startedAt = now()
    }

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.registerAgent, register)
        router.handle(.heartbeat, noteHeartbeat)
    }

    /// Reads who was there before this process began.
    func load() async throws {
        let agents = try await inventory.read { try $0.agents() }
        presence.withLock { presence in
            for agent in agents { presence.lastSeen[agent.id] = agent.lastSeenAt }
            guard let newest = agents.map(\.lastSeenAt).max() else { return }
            let deadline = newest.advanced(by: heartbeat * -Self.missedHeartbeats)
            presence.inherited = Set(agents.filter { $0.lastSeenAt >= deadline }.map(\.id))
        }
    }

    func register(_ registration: AgentRegistration) async throws -> AgentWelcome {
        try registration.validate()
        // What is written down is of one time, lest another orchestrator take one agent's coming for all others' going.
        try await save()
        let (now, caller) = (now(), EnrolledCaller.ofCall)
        let (id, isSame) = try await inventory.write { [inventory] connection in
            let registration = try caller.map { try connection.checked(registration, of: $0) } ?? registration
            let known = try connection.agent(named: registration.name)
            if known == nil {
                let count = try connection.count("SELECT count(*) FROM agent")
                guard count < inventory.limits.agents else {
                    throw RPCError(.conflict, "there are \(count) agents already, which is the limit")
                }
            }
            let agent = AgentRow(
                id: known?.id ?? .make(),
                name: registration.name,
                version: registration.version,
                ownLabels: registration.labels,
                addedLabels: known?.addedLabels ?? [:],
                nodeLabels: known.flatMap { $0.node == registration.node ? $0.nodeLabels : nil } ?? [:],
                capabilities: registration.capabilities ?? CheckType.allCases,
                registeredAt: known?.registeredAt ?? now,
                lastSeenAt: now,
                node: registration.node,
                reachable: registration.reachable
            )
            try connection.upsert(agent)
            let isSame =
                known?.ownLabels == agent.ownLabels && known?.capabilities == agent.capabilities
                && known?.node == agent.node && known?.reachable == agent.reachable
            return (agent.id, isSame)
        }
        let isNew = !recent.contains(id)
        presence.withLock { $0.lastSeen[id] = now }
        // One agent more is another share of the targets' rates for all, and of what only some run.
        if isNew || !isSame { try await inventory.change { _ in } }
        // Of a host outside, nobody has asked for what is around it.
        if caller == nil {
            try await defaults.create(seenBy: registration, in: inventory, at: now)
        }
        return AgentWelcome(id: id, heartbeatMilliseconds: Int(heartbeat / .milliseconds(1)))
    }

    /// Throws `notFound` for an agent that never registered here, which is to do so again.
    ///
    /// For one that was enrolled also what `requireCaller` does.
    func noteHeartbeat(_ reference: AgentReference) async throws -> Empty {
        try await inventory.requireCaller(.ofCall, isAgent: reference.id)
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

    /// A stored agent as it is now.
    func agent(_ row: AgentRow) -> Agent {
        let seen = presence.withLock { $0.lastSeen[row.id] } ?? row.lastSeenAt
        return Agent(
            id: row.id,
            name: row.name,
            version: row.version,
            labels: row.labels,
            capabilities: row.capabilities,
            state: seen >= offlineBefore ? .online : .offline,
            mode: row.mode,
            weight: row.weight,
            registeredAt: row.registeredAt,
            lastSeenAt: seen
        )
    }

    func forget(_ id: AgentID) {
        presence.withLock { presence in
            presence.lastSeen[id] = nil
            presence.unsaved.remove(id)
        }
    }

    /// Those that are alive, or may be: right after the start nobody has had the time to say so, and what the process
    /// before this one gave to an agent stays there.
    var online: Set<AgentID> {
        let now = now()
        let deadline = offlineBefore
        let isEarly = now < startedAt.advanced(by: heartbeat * Self.missedHeartbeats)
        return presence.withLock { presence in
            let heard = Set(presence.lastSeen.filter { $0.value >= deadline }.keys)
            return isEarly ? heard.union(presence.inherited.filter { presence.lastSeen[$0] != nil }) : heard
        }
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
            presence.unsaved.compactMap { id in presence.lastSeen[id].map { (id, $0) } }
        }
        guard !seen.isEmpty else { return }
        try await inventory.write { connection in
            for (id, time) in seen {
                try connection.execute(
                    "UPDATE agent SET last_seen_at = \(time.microseconds) WHERE id = \(id.rawValue)"
                )
            }
        }
        // Only now: whoever is cancelled while it writes has written nothing.
        presence.withLock { presence in
            for (id, time) in seen where presence.lastSeen[id] == time { presence.unsaved.remove(id) }
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
        if let node { try checkText(node, "node", 1...253) }
        try reachable?.validate()
        guard surroundings.resolvers.count <= 16 else { throw invalid("surroundings.resolvers", "must be at most 16") }
    }
}

extension AgentReach {
    fileprivate func validate() throws(RPCError) {
        guard let address = IPAddress(address), address.isOneHost else {
            throw invalid("reachable.address", "must be the IP address of a host")
        }
        if let stampPort { try checkNumber(stampPort, "reachable.stamp_port", 1...65_535) }
        if let tcpPort { try checkNumber(tcpPort, "reachable.tcp_port", 1...65_535) }
    }
}

extension IPAddress {
    /// Neither unspecified, nor multicast, nor broadcast.
    fileprivate var isOneHost: Bool {
        isV4 ? bytes[0] != 0 && bytes[0] < 224 : bytes[0] != 0xff && bytes.contains { $0 != 0 }
    }
}
