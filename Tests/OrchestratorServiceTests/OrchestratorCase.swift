import Configuration
import Contracts
import Database
import JSONRPC
import Kubernetes
import Observability
import OrchestratorService
import ServiceTesting
import Testing

/// Runs an orchestrator on a real database for as long as `body` does.
func withOrchestrator(
    in directory: TemporaryDirectory,
    _ values: [String: String] = [:],
    time: ManualTime = ManualTime(),
    keeper: RPCClient? = nil,
    kubernetes: KubernetesClient? = nil,
    discovery: Bool = false,
    sink: MemorySink = MemorySink(),
    _ body: @escaping @Sendable (RPCClient) async throws -> Void
) async throws {
    try await withStoppableOrchestrator(
        in: directory,
        values,
        time: time,
        keeper: keeper,
        kubernetes: kubernetes,
        discovery: discovery,
        sink: sink
    ) { client, _ in try await body(client) }
}

/// The same, with a `body` that may also stop the orchestrator.
func withStoppableOrchestrator(
    in directory: TemporaryDirectory,
    _ values: [String: String] = [:],
    time: ManualTime = ManualTime(),
    keeper: RPCClient? = nil,
    kubernetes: KubernetesClient? = nil,
    discovery: Bool = false,
    sink: MemorySink = MemorySink(),
    _ body: @escaping @Sendable (RPCClient, Orchestrator) async throws -> Void
) async throws {
    let log = Log(label: "test", sink: sink)
    var settings = try OrchestratorSettings(from: Environment(values))
    settings.discovery.isOn = discovery
    let database = try await TestEngine.open("orchestrator", in: directory)
    let orchestrator = try await Orchestrator.open(
        database,
        settings,
        clock: ContinuousClock(),
        now: { time.now },
        store: keeper,
        alerting: keeper,
        kubernetes: kubernetes,
        log: log
    )
    var router = RPCRouter(title: "orchestrator", authorizer: OpenDoor(for: Person.editor), log: log)
    orchestrator.addRoutes(to: &router)
    try await withThrowingTaskGroup(of: Void.self) { [router] group in
        group.addTask { try await orchestrator.run() }
        try await withClient(of: router, as: .gateway) { client in try await body(client, orchestrator) }
        await orchestrator.drain()
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
    await database.close()
}

/// The error that a call ends with.
func failure(_ body: () async throws -> some Any) async throws -> RPCError {
    let error = await #expect(throws: RPCError.self) { _ = try await body() }
    return try #require(error)
}
