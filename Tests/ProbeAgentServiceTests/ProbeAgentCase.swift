import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import Observability
import OrchestratorService
import ProbeAgentService
import ServiceTesting

/// Runs an agent between a real orchestrator and `store` for as long as `body` does.
func withAgent(
    _ store: RecordingStore,
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
    var router = RPCRouter(title: "orchestrator", authorizer: OpenDoor(), log: log)
    orchestrator.addRoutes(to: &router)
    try await withThrowingTaskGroup(of: Void.self) { [router] group in
        group.addTask { try await orchestrator.run() }
        try await withClient(of: router, as: .probeAgent) { client in
            try await runAgent(between: client, and: store, log, body)
        }
        await orchestrator.drain()
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
    await database.close()
    withExtendedLifetime(directory) {}
}

private func runAgent(
    between orchestrator: RPCClient,
    and store: RecordingStore,
    _ log: Log,
    _ body: @escaping @Sendable (RPCClient, ProbeAgent) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "agent")
    try loop.start()
    var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: log)
    router.handle(.appendMeasurements) { try store.append($0) }
    let agent = ProbeAgent(
        try ProbeAgentSettings(from: Environment(["PROBE_AGENT_NAME": "node-1"])),
        orchestrator: orchestrator,
        store: RPCClient(inProcess: router, as: .probeAgent),
        on: loop,
        log: log,
        metrics: Metrics()
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await agent.run() }
        try await body(orchestrator, agent)
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
}
