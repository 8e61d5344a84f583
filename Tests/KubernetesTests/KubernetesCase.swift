import EventLoop
import JSON
import Kubernetes
import Observability
import TestServers

/// A client of a server of its own.
struct KubernetesCase {
    let server: KubernetesServer
    let loop: EventLoop
    let client: KubernetesClient
    let sink = MemorySink()

    var log: Log { Log(label: "test", sink: sink) }

    static func run(
        _ server: KubernetesServer? = nil,
        limits: KubernetesLimits = KubernetesLimits(),
        _ body: (KubernetesCase) async throws -> Void
    ) async throws {
        let context = try KubernetesCase(server ?? KubernetesServer(), limits)
        defer {
            context.client.close()
            context.loop.stop()
        }
        try await body(context)
    }

    private init(_ server: KubernetesServer, _ limits: KubernetesLimits) throws {
        self.server = server
        loop = try EventLoop(name: "client")
        try loop.start()
        client = KubernetesClient(Self.cluster(of: server), agent: "test", loop: loop, limits: limits)
    }

    static func cluster(of server: KubernetesServer, host: String = "127.0.0.1") -> KubernetesCluster {
        KubernetesCluster(
            host: host,
            port: server.port,
            authorityFile: "\(server.directory)/ca.crt",
            tokenFile: "\(server.directory)/token",
            namespace: "sonde"
        )
    }

    /// Runs `body` beside a reflector of nodes.
    func reflecting(
        _ settings: KubernetesReflectorSettings = .quick,
        clock: (any Clock<Duration>)? = nil,
        _ body: @escaping @Sendable (KubernetesReflector<KubernetesNode>) async throws -> Void
    ) async throws {
        let reflector = KubernetesReflector(
            KubernetesNode.self,
            of: client,
            settings: settings,
            clock: clock,
            log: log
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await reflector.run() }
            defer { group.cancelAll() }
            try await body(reflector)
        }
    }
}

extension KubernetesReflectorSettings {
    /// Does not let tests wait.
    static var quick: Self {
        var settings = Self()
        settings.firstPause = .milliseconds(1)
        settings.longestPause = .milliseconds(5)
        return settings
    }
}

extension KubernetesReflector {
    /// The copy, once it is as it is to be.
    @discardableResult
    func copy(where isReached: (KubernetesCopy<Object>) -> Bool) async throws -> KubernetesCopy<Object> {
        for try await update in updates where isReached(update.copy) { return update.copy }
        return current
    }

    /// The same by the names of what is there.
    @discardableResult
    func names(_ names: Set<String>) async throws -> KubernetesCopy<Object> {
        try await copy { $0.isSynced && Set($0.objects.keys.map(\.name)) == names }
    }
}
