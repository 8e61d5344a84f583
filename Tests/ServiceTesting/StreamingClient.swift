public import JSONRPC
import Observability

/// Runs `body` with a client of a router in this process that can follow streams too.
///
/// A stream is not sent ahead: its producer waits until the reader has taken each line. A call is made for whom the
/// context is that it is made in, where the router believes that.
public func withClient(
    of router: RPCRouter,
    as peer: RPCPeer,
    _ body: @escaping @Sendable (RPCClient) async throws -> Void
) async throws {
    let (streams, starter) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            await withDiscardingTaskGroup { producers in
                for await stream in streams { producers.addTask { await stream() } }
                producers.cancelAll()
            }
        }
        group.addTask {
            defer { starter.finish() }
            try await body(RPCClient(StreamingTransport(router: router, peer: peer) { starter.yield($0) }))
        }
        try await group.waitForAll()
    }
}

private struct StreamingTransport: RPCTransport {
    let router: RPCRouter
    let peer: RPCPeer
    let start: @Sendable (@escaping @Sendable () async -> Void) -> Void

    func send(_ message: RPCOutgoing) async throws -> [UInt8] {
        guard case .message(let reply) = await router.respond(to: message.body, context: context(message)) else {
            throw RPCError(.internalError, "a call was answered with a stream")
        }
        return reply
    }

    func open(_ message: RPCOutgoing) async throws -> any RPCLineSource {
        let queue = LineQueue()
        switch await router.respond(to: message.body, context: context(message)) {
        case .stream(let stream):
            start {
                do {
                    // As over a connection, a producer is cancelled when nobody reads any more.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await stream.run(queue) }
                        group.addTask { try await queue.untilLeft() }
                        defer { group.cancelAll() }
                        try await group.next()
                    }
                    queue.finish()
                } catch {
                    queue.finish(throwing: error)
                }
            }
        case .message(let line):
            start {
                try? await queue.send(line: line)
                queue.finish()
            }
        case .none:
            throw RPCError(.internalError, "no answer")
        }
        return LineQueueReader(queue)
    }

    private func context(_ message: RPCOutgoing) -> CallContext {
        var random = SystemRandomNumberGenerator()
        return CallContext(
            trace: .random(using: &random),
            timeout: message.timeout,
            peer: message.context?.peerIdentity == nil ? peer.rawValue : message.context?.peer,
            peerIdentity: message.context?.peerIdentity,
            principal: message.context?.principal
        )
    }
}
