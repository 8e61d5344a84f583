import Contracts
import JSONRPC
import Lifecycle
import Observability
import OrchestratorService
import ServiceTesting
import Testing

@Suite("Removed targets")
struct RemovalTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are forgotten by the store, however long that is away", .timeLimit(.minutes(1)))
    func forgotten() async throws {
        let directory = directory
        let forgotten = Latest<Set<TargetID>>([])
        var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
        router.handle(.forgetTargets) { (targets: ForgottenTargets) in
            forgotten.update(forgotten.current.value.union(targets.targetIDs))
            return Empty()
        }
        // While there is no store.
        try await withOrchestrator(in: directory) { client in
            let one = try await client.call(.createTarget, NewTarget(address: "one.example.net", name: "one"))
            _ = try await client.call(.deleteTarget, TargetReference(id: one.id))
        }
        try await withClient(of: router, as: .orchestrator) { store in
            try await withOrchestrator(in: directory, store: store) { client in
                let two = try await client.call(.createTarget, NewTarget(address: "two.example.net", name: "two"))
                let kept = try await client.call(.createTarget, NewTarget(address: "kept.example.net", name: "kept"))
                _ = try await client.call(.deleteTarget, TargetReference(id: two.id))
                var (version, targets) = forgotten.current
                while targets.count < 2 {
                    (version, targets) = try #require(try await forgotten.next(after: version))
                }
                #expect(targets.contains(two.id) && !targets.contains(kept.id))
            }
        }
        #expect(forgotten.current.value.count == 2)
    }
}
