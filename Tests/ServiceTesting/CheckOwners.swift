public import Contracts
public import JSONRPC
import Observability

/// An orchestrator that knows nothing but whose checks are, and which targets have the one label `site`.
public func checkOwners(
    sites: [String: [TargetID]] = [:],
    _ owner: @escaping @Sendable (CheckOwnerQuery.CheckOfTarget) -> TenantID? = { _ in .first }
) -> RPCClient {
    var router = RPCRouter(title: "orchestrator", log: Log(label: "test", sink: MemorySink()))
    router.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map(owner)) }
    router.handle(.selectTargets) { SelectedTargets(targetIDs: sites[$0.labels["site"] ?? ""] ?? []) }
    return RPCClient(inProcess: router, as: .store)
}
