public import JSONRPC

/// Targets of a tenant that are no more.
public struct ForgottenTargets: Codable, Equatable, RPCPayload {
    public var tenant: TenantID
    public var targetIDs: [TargetID]

    enum CodingKeys: String, CodingKey {
        case tenant
        case targetIDs = "target_ids"
    }

    public init(tenant: TenantID, targetIDs: [TargetID]) {
        self.tenant = tenant
        self.targetIDs = targetIDs
    }
}

extension RPCMethod where Params == ForgottenTargets, Result == Empty {
    /// Takes no more of their rows either, which agents may still have.
    public static var forgetTargets: Self {
        Self(
            "measurement.forget",
            "Removes all that is stored of targets, and takes nothing more of them.",
            of: .store,
            callers: [.orchestrator],
            isIdempotent: true
        )
    }

    /// What ended stays for as long as all incidents do: it has the names of what it is about.
    public static var retireTargets: Self {
        Self(
            "incident.retire",
            "Resolves the incidents of targets, and removes the rules that are about one of them.",
            of: .alerting,
            callers: [.orchestrator],
            isIdempotent: true
        )
    }
}
