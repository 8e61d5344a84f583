public import Contracts
public import Database
public import JSONRPC
import JSONRPCTransport
public import Kubernetes
public import Lifecycle
public import Observability

/// Owns what is watched, how, and by whom: targets, checks and agents.
public struct Orchestrator: Service {
    private static let saveInterval = Duration.seconds(30)

    private let inventory: Inventory
    private let registry: AgentRegistry
    private let feed: AssignmentFeed
    private let removals: Removals?
    private let authority: EnrolmentAuthority
    private let nodes: NodeKeeper
    private let discovery: DiscoveryKeeper?
    private let heartbeat: Duration
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log

    /// Brings the schema up to date and reads who was there before.
    ///
    /// `clock` is slept by; `now` is what is written down as the time. Without a `store` and `alerting`, nobody
    /// forgets targets that were removed; they wait for them. Without `kubernetes`, nothing is known of nodes.
    public static func open(
        _ database: any Database,
        _ settings: OrchestratorSettings,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = { .now },
        store: RPCClient? = nil,
        alerting: RPCClient? = nil,
        kubernetes: KubernetesClient? = nil,
        log: Log
    ) async throws -> Orchestrator {
        try await database.migrate(schema)
        let inventory = Inventory(database, settings.inventory)
        try await inventory.write { connection in
            try connection.recountProbes()
            // Schedules may say otherwise by now, and a revision names one state.
            try connection.execute(
                """
                UPDATE counter SET value = value + 1 WHERE name = 'revision'
                    AND (EXISTS (SELECT 1 FROM check_definition WHERE schedule IS NOT NULL)
                        OR EXISTS (SELECT 1 FROM check_run WHERE ended_at IS NULL))
                """
            )
        }
        let registry = AgentRegistry(
            inventory,
            heartbeat: settings.heartbeat,
            defaults: DefaultTargets(gatewayURL: settings.gatewayURL, clusterDomain: settings.discovery.clusterDomain),
            now: now
        )
        try await registry.load()
        var removals: Removals?
        if let store, let alerting {
            removals = Removals(inventory: inventory, store: store, alerting: alerting, clock: clock, log: log)
        }
        let feed = AssignmentFeed(
            inventory,
            registry,
            clock: clock,
            now: now,
            peersEach: settings.nodes.isOn ? settings.nodes.peersEach : nil,
            log: log
        )
        let nodes = NodeKeeper(
            inventory: inventory,
            registry: registry,
            settings: settings.nodes,
            nodes: kubernetes.map { KubernetesReflector(KubernetesNode.self, of: $0, log: log) },
            interval: settings.heartbeat,
            clock: clock,
            now: now,
            log: log
        )
        let discovery = kubernetes.flatMap { client in
            settings.discovery.isOn
                ? DiscoveryKeeper(
                    inventory: inventory,
                    settings: settings.discovery,
                    services: KubernetesReflector(KubernetesService.self, of: client, log: log),
                    ingresses: KubernetesReflector(KubernetesIngress.self, of: client, log: log),
                    clock: clock,
                    now: now,
                    log: log
                ) : nil
        }
        return Orchestrator(
            inventory: inventory,
            registry: registry,
            feed: feed,
            removals: removals,
            authority: EnrolmentAuthority(
                settings.enrolment,
                identityDirectory: settings.mesh.identityDirectory,
                log: log
            ),
            nodes: nodes,
            discovery: discovery,
            heartbeat: settings.heartbeat,
            clock: clock,
            now: now,
            log: log
        )
    }

    /// Adds `target.*`, `check.*`, `maintenance.*`, `agent.*`, `enrolment.*` and `assignment.follow`.
    public func addRoutes(to router: inout RPCRouter) {
        TargetCatalog(inventory: inventory, now: now).addRoutes(to: &router)
        CheckCatalog(inventory: inventory, now: now).addRoutes(to: &router)
        RunCatalog(inventory: inventory, now: now).addRoutes(to: &router)
        registry.addRoutes(to: &router)
        MaintenanceCatalog(inventory: inventory, now: now).addRoutes(to: &router)
        EnrolmentCatalog(inventory: inventory, authority: authority, now: now).addRoutes(to: &router)
        AgentCatalog(inventory: inventory, registry: registry).addRoutes(to: &router)
        feed.addRoutes(to: &router)
    }

    public func addMetrics(to metrics: Metrics) {
        metrics.gauge("sonde_agents_online", "Agents that sent a heartbeat lately.") { [registry] in
            Double(registry.onlineCount)
        }
        metrics.gauge("sonde_assignment_followers", "Agents that wait for their next assignments.") { [feed] in
            Double(feed.followerCount)
        }
    }

    public func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await feed.run() }
            group.addTask { try await feed.watchAgents(every: heartbeat) }
            group.addTask { try await feed.watchSchedules(every: heartbeat) }
            group.addTask { try await saveRegularly() }
            group.addTask { try await nodes.run() }
            group.addTask { try await discover() }
            if let removals { group.addTask { try await removals.run() } }
            try await group.waitForAll()
        }
    }

    /// Without discovery, targets that it made before are nobody's.
    private func discover() async throws {
        guard let discovery else {
            try await inventory.keep([], of: .kubernetes, at: now())
            return
        }
        try await discovery.run()
    }

    /// Ends the streams, which nothing else would end, so to be drained before the server.
    public func drain() async {
        feed.finish()
        await save()
    }

    private func saveRegularly() async throws {
        while true {
            try await clock.sleep(for: Self.saveInterval)
            await save()
        }
    }

    private func save() async {
        do {
            try await registry.save()
        } catch {
            log.warning("cannot write down which agents were seen", ["error": "\(error)"])
        }
    }
}
