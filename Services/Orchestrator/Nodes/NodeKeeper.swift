import Contracts
import Database
import Kubernetes
import Lifecycle
import Observability

/// Keeps what is known of agents' nodes, and the targets by which agents probe each other, as they are to be.
struct NodeKeeper: Sendable {
    /// Label of an agent by label of its node.
    private static let labels = [
        "zone": "topology.kubernetes.io/zone", "region": "topology.kubernetes.io/region",
        "hostname": "kubernetes.io/hostname",
    ]
    /// However often something changes, this is looked at five times a second at most.
    private static let shortestPause = Duration.milliseconds(200)

    let inventory: Inventory
    let registry: AgentRegistry
    let settings: NodeMeshSettings
    /// `nil` outside a cluster.
    let nodes: KubernetesReflector<KubernetesNode>?
    /// How often to look without a reason: an agent may have fallen silent.
    let interval: Duration
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let nodes { group.addTask { try await nodes.run() } }
            group.addTask { try await keep() }
            try await group.waitForAll()
        }
    }

    private func keep() async throws {
        var hasFailed = false
        while true {
            let version = inventory.changes.current.version
            let copy = nodes?.current
            do {
                try await take(copy)
                hasFailed = false
                // Without a mesh and without a cluster there is nothing to keep but that targets from before are gone.
                guard settings.isOn || nodes != nil else { return }
            } catch let error where !(error is CancellationError) {
                if !hasFailed { log.warning("the node mesh is not as it is to be", ["error": "\(error)"]) }
                hasFailed = true
            }
            try await clock.sleep(for: Self.shortestPause)
            try await wait(after: version, beyond: copy)
        }
    }

    /// Until an agent, a target or a node has changed, or some time has gone by.
    private func wait(after version: Int, beyond copy: KubernetesCopy<KubernetesNode>?) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock, interval] in try await clock.sleep(for: interval) }
            group.addTask { [inventory] in _ = try await inventory.changes.next(after: version) }
            if let nodes, let copy { group.addTask { try await nodes.change(from: copy) } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Brings everything in line with the nodes as they are; nothing is known of those before there was a list.
    private func take(_ copy: KubernetesCopy<KubernetesNode>?) async throws {
        let known = copy.flatMap { $0.isSynced ? $0 : nil }
        var agents = settings.isOn || known != nil ? try await inventory.read { try $0.agents() } : []
        if let known {
            try await forgetGone(&agents, known)
            try await labelAgents(&agents, known)
        }
        let wanted = settings.isOn ? agents.compactMap { target(for: $0, known) } : []
        if try await inventory.keep(wanted, of: .mesh, at: now()) {
            log.info("the node mesh has changed", ["targets": "\(wanted.count)"])
        }
    }

    // MARK: Agents

    /// An agent whose node is gone and that is not heard of any more is gone with it.
    private func forgetGone(_ agents: inout [AgentRow], _ copy: KubernetesCopy<KubernetesNode>) async throws {
        let online = registry.online
        let gone = agents.filter { agent in
            agent.node.map { copy.node($0) == nil && !copy.isUnreadable($0) } == true && !online.contains(agent.id)
        }
        guard !gone.isEmpty else { return }
        agents.removeAll { agent in gone.contains { $0.id == agent.id } }
        try await inventory.change { connection in
            for agent in gone { try connection.execute("DELETE FROM agent WHERE id = \(agent.id.rawValue)") }
        }
        for agent in gone {
            registry.forget(agent.id)
            log.info("an agent is gone with its node", ["agent": agent.name, "node": agent.node ?? ""])
        }
    }

    private func labelAgents(_ agents: inout [AgentRow], _ copy: KubernetesCopy<KubernetesNode>) async throws {
        var changed: [AgentRow] = []
        for index in agents.indices {
            guard let node = agents[index].node.flatMap({ copy.node($0) }) else { continue }
            let labels = Self.labels.compactMapValues { key in
                node.metadata.labels?[key].flatMap { $0.isEmpty ? nil : $0 }
            }
            guard labels != agents[index].nodeLabels else { continue }
            agents[index].nodeLabels = labels
            changed.append(agents[index])
        }
        guard !changed.isEmpty else { return }
        try await inventory.change { [changed] connection in
            for agent in changed {
                let labels = try jsonText(agent.nodeLabels)
                try connection.execute("UPDATE agent SET node_labels = \(labels) WHERE id = \(agent.id.rawValue)")
            }
        }
    }

    // MARK: Targets

    /// The target that stands for an agent; `nil` for one that nobody can probe.
    private func target(for agent: AgentRow, _ copy: KubernetesCopy<KubernetesNode>?) -> WantedTarget? {
        guard let reach = agent.reachable else { return nil }
        let checks = checks(of: reach)
        guard !checks.isEmpty else { return nil }
        var labels = agent.labels
        labels["node"] = agent.node ?? agent.name
        var wanted = WantedTarget(
            owner: .agent(agent.id),
            tenant: settings.tenant,
            name: agent.node ?? agent.name,
            address: reach.address,
            category: "node",
            labels: labels,
            checks: checks
        )
        if let rest = rest(of: agent, copy) {
            wanted.enabled = false
            wanted.description = rest
        }
        return wanted
    }

    /// Why nobody is to expect an answer of an agent; `nil` when there is no reason.
    private func rest(of agent: AgentRow, _ copy: KubernetesCopy<KubernetesNode>?) -> String? {
        if agent.mode == .stopped { return "The agent is stopped." }
        guard let name = agent.node, let copy, !copy.isUnreadable(name) else { return nil }
        guard let node = copy.node(name) else { return "The node is gone from the cluster." }
        return node.isCordoned ? "The node is cordoned." : nil
    }

    private func checks(of reach: AgentReach) -> [NewTargetCheck] {
        let milliseconds = Int(settings.interval / .milliseconds(1))
        let selector = AgentSelector(count: settings.peersEach)
        return [(CheckType.stamp, reach.stampPort), (.tcp, reach.tcpPort)].compactMap { type, port in
            guard let port else { return nil }
            var options = CheckOptions()
            options.port = port
            return NewTargetCheck(
                type: type,
                intervalMilliseconds: milliseconds,
                timeoutMilliseconds: min(Check.defaultTimeout, Check.concurrentProbes * milliseconds),
                options: options,
                agents: selector
            )
        }
    }
}

extension KubernetesCopy<KubernetesNode> {
    fileprivate func node(_ name: String) -> KubernetesNode? { objects[KubernetesKey(namespace: "", name: name)] }

    fileprivate func isUnreadable(_ name: String) -> Bool {
        unreadable[KubernetesKey(namespace: "", name: name)] != nil
    }
}
