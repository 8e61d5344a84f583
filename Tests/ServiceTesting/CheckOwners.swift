public import Contracts
public import JSONRPC
import Observability

/// An orchestrator that knows nothing but whose checks are.
public func checkOwners(
    _ owner: @escaping @Sendable (CheckOwnerQuery.CheckOfTarget) -> TenantID? = { _ in .first }
) -> RPCClient {
    var router = RPCRouter(title: "orchestrator", log: Log(label: "test", sink: MemorySink()))
    router.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map(owner)) }
    return RPCClient(inProcess: router, as: .store)
}
