import Contracts
import JSONRPC

/// Knows from the orchestrator which targets have labels that a filter names.
struct LabelledTargets: Sendable {
    private static let patience = Duration.seconds(2)

    let orchestrator: RPCClient

    /// The targets of `text`, which is a `LabelSelector`; `nil` for all of them where there is none.
    ///
    /// Throws `unavailable` when the orchestrator does not answer: other targets must not pass for these.
    func callAsFunction(_ text: String?, of tenant: TenantID) async throws -> Set<TargetID>? {
        guard let text else { return nil }
        let selection = TargetSelection(tenant: tenant, labels: try LabelSelector(text).labels)
        return Set(try await orchestrator.call(.selectTargets, selection, timeout: Self.patience).targetIDs)
    }
}
