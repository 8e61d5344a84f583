public import Database
import JSON
public import JSONRPC

/// Errors that say nothing but when to try again; what else fails is internal.
extension DatabaseError: RPCErrorConvertible {
    public var rpcError: RPCError? {
        switch code {
        case .busy: RPCError(.busy, "too many calls wait for the database", data: ["retry_after_ms": 250])
        case .deadlineExceeded: RPCError(.deadlineExceeded, "the database did not answer in time")
        case .unavailable:
            // The connection may have been lost while a change was committed.
            RPCError(
                .unavailable,
                "the database is away, and the call may have had its effect or not",
                data: ["retry_after_ms": 1_000]
            )
        default: nil
        }
    }
}
