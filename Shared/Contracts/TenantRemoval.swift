public import JSONRPC

/// A tenant that is no more.
public struct RemovedTenant: Codable, Equatable, RPCPayload {
    public var tenant: TenantID

    public init(tenant: TenantID) { self.tenant = tenant }
}

extension RPCMethod where Params == RemovedTenant, Result == Empty {
    /// The gateway calls these once all tokens of the tenant have ended, until each has answered.
    public static var forgetTenantTargets: Self {
        Self(
            "target.forget_tenant",
            "Removes all targets of a tenant.",
            of: .orchestrator,
            callers: [.gateway],
            isIdempotent: true
        )
    }

    public static var forgetTenantMeasurements: Self {
        Self(
            "measurement.forget_tenant",
            "Removes all that is stored of a tenant, its sessions too.",
            of: .store,
            callers: [.gateway],
            isIdempotent: true
        )
    }

    public static var forgetTenantIncidents: Self {
        Self(
            "incident.forget_tenant",
            "Removes the rules, receivers and incidents of a tenant.",
            of: .alerting,
            callers: [.gateway],
            isIdempotent: true
        )
    }
}
