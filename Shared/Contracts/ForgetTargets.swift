public import JSONRPC

/// Targets that are no more.
public struct ForgottenTargets: Codable, Equatable, RPCPayload {
    public var targetIDs: [TargetID]

    enum CodingKeys: String, CodingKey {
        case targetIDs = "target_ids"
    }

    public init(targetIDs: [TargetID]) { self.targetIDs = targetIDs }
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
}
