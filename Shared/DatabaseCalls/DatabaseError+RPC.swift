public import Database
import JSON
public import JSONRPC

/// Errors that say nothing but when to try again; what else fails is internal.
extension DatabaseError: RPCErrorConvertible {
    public var rpcError: RPCError? {
        switch code {
        case .busy: RPCError(.busy, "too many calls wait for the database", data: ["retry_after_ms": 250])
        case .deadlineExceeded: RPCError(.deadlineExceeded, "the database did not answer in time")
        case .unavailable where isOutcomeUnknown:
            RPCError(
                .unavailable,
                "the database went away, and the call may have had its effect or not",
                data: ["retry_after_ms": 1_000]
            ).withUnknownOutcome
        case .unavailable: RPCError(.unavailable, "the database is away", data: ["retry_after_ms": 1_000])
        case .superseded:
            RPCError(.unavailable, "another process has taken over", data: ["retry_after_ms": 1_000])
        default: nil
        }
    }
}
