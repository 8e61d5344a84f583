import Contracts
import Database
import JSONRPC
import Lifecycle
import Observability

/// Has the store and alerting forget targets that were removed, however long those are away.
struct Removals: Sendable {
    private static let targetsAtOnce = 100
    /// Between two looks, and after a call that failed.
    private static let interval = Duration.seconds(30)

    let inventory: Inventory
    let store: RPCClient
    let alerting: RPCClient
    let clock: any Clock<Duration>
    let log: Log

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            let version = inventory.changes.current.version
            do {
                while try await forgetSome() {}
            } catch let error where !(error is CancellationError) {
                log.warning("removed targets are not forgotten yet", ["error": "\(error)"])
            }
            try await wait(after: version)
        }
    }

    /// Returns whether there may be more.
    private func forgetSome() async throws -> Bool {
        guard let forgotten = try await inventory.read({ try $0.removedTargets(Self.targetsAtOnce) }) else {
            return false
        }
        // After this nothing of them is streamed, so that nothing begins again what alerting ends.
        _ = try await store.call(.forgetTargets, forgotten, timeout: .seconds(60))
        _ = try await alerting.call(.retireTargets, forgotten)
        _ = try await inventory.write { connection in
            let targets = forgotten.targetIDs.map(\.rawValue)
            try connection.execute("DELETE FROM removal WHERE target_id IN (\(list: targets))")
        }
        return true
    }

    /// Until something changes, or some time has gone by.
    private func wait(after version: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(for: Self.interval) }
            group.addTask { _ = try await inventory.changes.next(after: version) }
            try await group.next()
            group.cancelAll()
        }
    }
}

extension DatabaseConnection {
    /// The targets of one tenant that are to be forgotten, those of the tenant that has waited longest first.
    fileprivate func removedTargets(_ limit: Int) throws -> ForgottenTargets? {
        let first = try first("SELECT tenant FROM removal ORDER BY removed_at LIMIT 1") { row in
            TenantID(rawValue: try row.text(0))
        }
        guard let tenant = first else { return nil }
        let query: SQL = """
            SELECT target_id FROM removal WHERE tenant = \(tenant.rawValue) ORDER BY removed_at LIMIT \(limit)
            """
        return ForgottenTargets(
            tenant: tenant,
            targetIDs: try rows(query) { row in TargetID(rawValue: try row.text(0)) }
        )
    }
}
