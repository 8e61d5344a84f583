import Contracts
import JSONRPC
import Lifecycle
import Observability
import OrchestratorService
import ServiceTesting
import Testing

@Suite("Removed targets", .everyEngine)
struct RemovalTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are forgotten by the store and by alerting, however long those are away", .timeLimit(.minutes(5)))
    func forgotten() async throws {
        let directory = directory
        let (forgotten, retired) = (Latest<Set<TargetID>>([]), Latest<Set<TargetID>>([]))
        var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
        router.handle(.forgetTargets) { (targets: ForgottenTargets) in
            forgotten.update(forgotten.current.value.union(targets.targetIDs))
            return Empty()
        }
        router.handle(.retireTargets) { (targets: ForgottenTargets) in
            // The store's turn comes first.
            #expect(forgotten.current.value.isSuperset(of: targets.targetIDs))
            retired.update(retired.current.value.union(targets.targetIDs))
            return Empty()
        }
        // While there is neither.
        try await withOrchestrator(in: directory) { client in
            let one = try await client.call(.createTarget, NewTarget(address: "one.example.net", name: "one"))
            _ = try await client.call(.deleteTarget, TargetRemoval(id: one.id))
        }
        try await withClient(of: router, as: .orchestrator) { keeper in
            try await withOrchestrator(in: directory, keeper: keeper) { client in
                let two = try await client.call(.createTarget, NewTarget(address: "two.example.net", name: "two"))
                let kept = try await client.call(.createTarget, NewTarget(address: "kept.example.net", name: "kept"))
                _ = try await client.call(.deleteTarget, TargetRemoval(id: two.id))
                var (version, targets) = retired.current
                while targets.count < 2 {
                    (version, targets) = try #require(try await retired.next(after: version))
                }
                #expect(targets.contains(two.id) && !targets.contains(kept.id))
            }
        }
        #expect(forgotten.current.value.count == 2)
    }
}
