import Contracts
import JSON
import JSONRPC

/// Finds out for whom agents measure, so that none can report for a tenant what it was not told to.
///
/// What was stored of a check before says it, for ever and without a word to anybody; of the others the orchestrator is
/// asked.
struct Ownership: Sendable {
    private static let checksAtOnce = 1_000

    let orchestrator: RPCClient
    let series: SeriesTable

    /// The tenant of each series that rows are of; `nil` for one that the agent was not told to measure.
    ///
    /// Throws `unavailable` when the orchestrator must be asked and does not answer.
    func tenants(of batch: MeasurementBatch) async throws(RPCError) -> [TenantID?] {
        let checks = batch.series.map { series in
            ReportedCheck(agentID: batch.agentID, checkID: series.checkID, targetID: series.targetID)
        }
        var tenants: [ReportedCheck: TenantID] = [:]
        for check in checks { tenants[check] = series.owner(of: check) }
        let unknown = Array(Set(checks.filter { tenants[$0] == nil }))
        for start in stride(from: 0, to: unknown.count, by: Self.checksAtOnce) {
            let some = unknown[start..<min(start + Self.checksAtOnce, unknown.count)]
            for (check, tenant) in zip(some, try await owners(of: some, seenBy: batch.agentID)) {
                tenants[check] = tenant
            }
        }
        return checks.map { tenants[$0] }
    }

    private func owners(
        of checks: ArraySlice<ReportedCheck>,
        seenBy agent: AgentID
    ) async throws(RPCError) -> [TenantID?] {
        let query = CheckOwnerQuery(
            agentID: agent,
            checks: checks.map { .init(checkID: $0.checkID, targetID: $0.targetID) }
        )
        do {
            return try await orchestrator.call(.listCheckOwners, query).tenants
        } catch {
            throw RPCError(
                .unavailable,
                "the orchestrator does not say whose the checks are",
                data: ["retry_after_ms": 1_000]
            )
        }
    }
}

extension MeasurementBatch {
    /// The rows of each tenant; those without one are left out.
    func batches(of tenants: [TenantID?], json: ArraySlice<UInt8>) -> [IncomingBatch] {
        let used = Set(columns.series.map { tenants[$0] })
        if let tenant = used.first ?? nil, used.count == 1 { return [IncomingBatch(self, json: json, of: tenant)] }
        return used.compactMap { $0 }.sorted { $0.rawValue < $1.rawValue }.map { tenant in
            let own = only(tenants.map { $0 == tenant })
            return IncomingBatch(own, json: own.json[...], of: tenant)
        }
    }
}
