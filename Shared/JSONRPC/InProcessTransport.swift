import Observability

/// Carries messages to a router in the same process.
struct InProcessTransport: RPCTransport {
    let router: RPCRouter
    let peer: RPCPeer?

    func send(_ message: RPCOutgoing) async throws -> [UInt8] {
        guard case .message(let reply) = await router.respond(to: message.body, context: context(message)) else {
            throw RPCError(.internalError, "a call was answered with a stream")
        }
        return reply
    }

    func open(_ message: RPCOutgoing) async throws -> any RPCLineSource {
        throw RPCError(.invalidRequest, "\(message.name) streams, and streams need a connection")
    }

    private func context(_ message: RPCOutgoing) -> CallContext {
        var random = SystemRandomNumberGenerator()
        return CallContext(
            trace: message.context?.trace ?? .random(using: &random),
            timeout: message.timeout,
            peer: peer?.rawValue,
            token: message.context?.token,
            principal: message.context?.principal,
            address: message.context?.address
        )
    }
}
