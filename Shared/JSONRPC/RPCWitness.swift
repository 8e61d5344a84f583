public import Observability

/// Is shown every call of a router once its answer is known, for a record of who did what.
public protocol RPCWitness: Sendable {
    /// Called on the task of the call, which waits for it; must not block.
    func answered(_ call: AnsweredCall)
}

/// A call and what became of it.
public struct AnsweredCall: Sendable {
    public let method: RPCDescriptor
    /// As they came, which need not be what the contract says when the call was refused.
    public let params: ArraySlice<UInt8>
    /// One JSON value; empty when there was an error.
    public let result: ArraySlice<UInt8>
    public let context: CallContext
    /// What the caller was told; `nil` when the call was carried out.
    public let error: RPCError?

    public init(
        method: RPCDescriptor,
        params: ArraySlice<UInt8>,
        result: ArraySlice<UInt8>,
        context: CallContext,
        error: RPCError?
    ) {
        self.method = method
        self.params = params
        self.result = result
        self.context = context
        self.error = error
    }
}
