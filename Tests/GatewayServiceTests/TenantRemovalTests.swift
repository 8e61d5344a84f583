import Contracts
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import GatewayService

@Suite("Tenants that were deleted", .timeLimit(.minutes(5)))
struct TenantRemovalTests {
    @Test("are forgotten by every service once no token of theirs is left, though one is away at first")
    func forgotten() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let made = try await test.call(.createTenant, TenantName(name: "Blue"), admin).tenant
            _ = try await test.call(.deleteTenant, TenantReference(id: made.id), admin)
            let calls = Mutex<[String]>([])
            let log = Log(label: "test", sink: MemorySink())
            var router = RPCRouter(title: "services", authorizer: OpenDoor(), log: log)
            for method: RPCMethod<RemovedTenant, Empty> in [
                .forgetTenantTargets, .forgetTenantMeasurements, .forgetTenantIncidents,
            ] {
                router.handle(method) { removed in
                    let count = calls.withLock { calls in
                        calls.append("\(method.name) \(removed.tenant)")
                        return calls.count
                    }
                    // The store is away the first time.
                    if count == 2 { throw RPCError(.unavailable, "not now") }
                    return Empty()
                }
            }
            let client = RPCClient(inProcess: router)
            let removals = TenantRemovals(
                database: test.database,
                peers: GatewayPeers(orchestrator: client, store: client, alerting: client),
                clock: test.clock,
                now: { test.time.now },
                log: log
            )
            try await removals.forgetAll()
            #expect(calls.withLock { $0 } == [])
            test.time.advance(by: .seconds(90))
            await #expect(throws: RPCError.self) { try await removals.forgetAll() }
            for _ in 0..<2 { try await removals.forgetAll() }
            let names = ["target", "measurement", "target", "measurement", "incident"]
            #expect(calls.withLock { $0 } == names.map { "\($0).forget_tenant \(made.id)" })
        }
    }
}
