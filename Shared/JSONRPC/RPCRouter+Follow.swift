public import Observability

extension RPCRouter {
    /// Starts a streaming method for a caller in this process, with params that are JSON already.
    ///
    /// Throws what the method answers instead of a stream.
    public func follow(
        _ method: RPCDescriptor,
        raw params: ArraySlice<UInt8>,
        context: CallContext
    ) async throws -> RPCRawReply {
        let message = RPCClient(inProcess: self).request(method.name, raw: params)
        switch await respond(to: message, context: context) {
        case .stream(let stream):
            return RPCRawReply(result: try RPCClient.result(in: stream.head ?? []), stream: stream)
        case .message(let reply):
            _ = try RPCClient.result(in: reply)
            throw RPCError(.internalError, "\(method.name) answered without a stream")
        case .none:
            throw RPCError(.internalError, "\(method.name) did not answer")
        }
    }
}
