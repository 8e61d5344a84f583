import Contracts
import Database
import JSONRPC
import Lifecycle
import Observability

/// Has the other services forget tenants that were deleted, however long those are away.
struct TenantRemovals: Sendable {
    /// After a deletion, until the last token of the tenant has ended everywhere.
    private static let patience = Duration.seconds(90)
    /// Between two looks.
    private static let interval = Duration.seconds(30)

    let database: any Database
    let peers: GatewayPeers
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            do {
                try await forgetAll()
            } catch let error as RPCError {
                log.warning("deleted tenants are not forgotten yet", ["error": "\(error)"])
            } catch let error as DatabaseError {
                log.warning("cannot tell which tenants are to be forgotten", ["error": "\(error)"])
            }
            try await clock.sleep(for: Self.interval)
        }
    }

    /// Throws when a service is away; those that follow it are told another time.
    func forgetAll() async throws {
        let deadline = now().advanced(by: .zero - Self.patience).microseconds
        let tenants = try await database.read { connection in
            try connection.rows("SELECT tenant FROM tenant_removal WHERE removed_at <= \(deadline)") { row in
                TenantID(rawValue: try row.text(0))
            }
        }
        for tenant in tenants {
            let removed = RemovedTenant(tenant: tenant)
            // In this order, so that nothing is measured any more when the others forget it.
            _ = try await peers.orchestrator.call(.forgetTenantTargets, removed)
            _ = try await peers.store.call(.forgetTenantMeasurements, removed, timeout: .seconds(60))
            _ = try await peers.alerting.call(.forgetTenantIncidents, removed)
            _ = try await database.write { connection in
                try connection.execute("DELETE FROM tenant_removal WHERE tenant = \(tenant.rawValue)")
            }
            log.info("forgot a deleted tenant", ["tenant": "\(tenant)"])
        }
    }
}

extension DatabaseConnection {
    /// Writes down, with the deletion, that the other services have to forget a tenant.
    func noteRemoval(of tenant: TenantID, now: Timestamp) throws {
        try execute(
            """
            INSERT INTO tenant_removal (tenant, removed_at) VALUES (\(tenant.rawValue), \(now.microseconds))
            ON CONFLICT DO NOTHING
            """
        )
    }
}
