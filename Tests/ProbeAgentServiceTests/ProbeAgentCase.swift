import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import JSONRPCTransport
import Observability
import OrchestratorService
import ServiceTesting

@testable import ProbeAgentService

/// Runs an agent between a real orchestrator and `store` for as long as `body` does.
func withAgent(
    _ store: RecordingStore,
    in folder: TemporaryDirectory? = nil,
    sink: MemorySink = MemorySink(),
    _ body: @escaping @Sendable (RPCClient, ProbeAgent) async throws -> Void
) async throws {
    let directory = try TemporaryDirectory()
    let log = Log(label: "test", sink: MemorySink())
    let database = try await SQLiteDatabase.open(directory.path + "/orchestrator.db")
    let orchestrator = try await Orchestrator.open(
        database,
        OrchestratorSettings(from: Environment()),
        clock: ContinuousClock(),
        log: log
    )
    var router = RPCRouter(title: "orchestrator", authorizer: OpenDoor(for: Person.editor), log: log)
    orchestrator.addRoutes(to: &router)
    try await withThrowingTaskGroup(of: Void.self) { [router] group in
        group.addTask { try await orchestrator.run() }
        try await withClient(of: router, as: .probeAgent) { client in
            var agent = AgentCase(folder: folder?.path ?? directory.path + "/agent", store: store)
            agent.orchestrator = client
            agent.sink = sink
            try await agent.run { try await body(client, $0) }
        }
        await orchestrator.drain()
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
    await database.close()
    withExtendedLifetime(directory) {}
}

/// An agent in a folder, and what is around it.
struct AgentCase: Sendable {
    let folder: String
    let store: RecordingStore
    let readiness = ReadyState()
    var sink = MemorySink()
    let metrics = Metrics()
    /// Whether the folder is, or is about to be, nobody else's.
    let isAlone: Bool
    /// One that answers nothing, unless another takes its place.
    var orchestrator: RPCClient
    /// Loopback is all there is to probe here.
    var settings = ["PROBE_AGENT_ALLOWED_NETWORKS": "loopback,global,private"]

    init(folder: String, store: RecordingStore, isAlone: Bool = true) {
        self.folder = folder
        self.store = store
        self.isAlone = isAlone
        let log = Log(label: "test", sink: MemorySink())
        let nobody = RPCRouter(title: "nobody", authorizer: OpenDoor(), log: log)
        orchestrator = RPCClient(inProcess: nobody, as: .probeAgent)
    }

    /// Runs the agent for as long as `body` does.
    func run<Value: Sendable>(_ body: @escaping @Sendable (ProbeAgent) async throws -> Value) async throws -> Value {
        let loop = try EventLoop(name: "agent")
        try loop.start()
        let log = Log(label: "test", sink: sink)
        var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: log)
        router.handle(.appendMeasurements) { try store.append($0) }
        router.handle(.reportGap) { store.note($0) }
        if isAlone { _ = try await reopening { try AgentFolder(folder, isDurable: false) } }
        let settings = try ProbeAgentSettings(
            from: Environment(settings.merging(["PROBE_AGENT_NAME": "node-1", "PROBE_AGENT_DATA": folder]) { $1 })
        )
        let agent = ProbeAgent(
            settings,
            try await Spool.open(settings.spool, origin: settings.name, log: log, metrics: metrics),
            orchestrator: orchestrator,
            store: RPCClient(inProcess: router, as: .probeAgent),
            on: loop,
            readiness: readiness,
            log: log,
            metrics: metrics
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            let value = try await body(agent)
            group.cancelAll()
            while (try? await group.next()) != nil {}
            return value
        }
    }
}
