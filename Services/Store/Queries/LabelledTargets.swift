import Contracts
import JSONRPC

/// Knows from the orchestrator which targets have labels that a filter names.
struct LabelledTargets: Sendable {
    private static let patience = Duration.seconds(2)

    let orchestrator: RPCClient

    /// The targets of `text`, which is a `LabelSelector`, that are among `ids`; `nil` for all of them where there is neither.
    ///
    /// Throws `unavailable` when the orchestrator does not answer: other targets must not pass for these.
    func callAsFunction(
        _ text: String?,
        among ids: [TargetID]? = nil,
        of tenant: TenantID
    ) async throws -> Set<TargetID>? {
        guard let text else { return ids.map(Set.init) }
        let selection = TargetSelection(tenant: tenant, labels: try LabelSelector(text).labels)
        let labelled = Set(try await orchestrator.call(.selectTargets, selection, timeout: Self.patience).targetIDs)
        return ids.map(labelled.intersection) ?? labelled
    }
}
