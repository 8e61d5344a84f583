import EventLoop
import TLS

/// The web servers of all hosts, and their connections.
struct WebServers {
    /// What is to be sent now, and when the connection wants to be looked after.
    struct Reply {
        var segments: [TCPSegment]
        /// `nil`: as was said before.
        var wakeAt: UInt64?
    }

    private struct Server {
        var service: HTTPService
        /// `nil`: without TLS.
        var context: TLSContext?
    }

    private struct Conversation {
        var connection: TCPConnection
        var stream: TLSStream?
    }

    private struct Place: Hashable {
        var node: Int
        var port: UInt16
    }

    private static let maximumConnections = 10_000

    private var servers: [Place: Server] = [:]
    private var conversations: [TCPFlow: Conversation] = [:]

    /// A server over TLS that `authority` does not vouch for takes no connections.
    init(_ nodes: [NetworkDescription.Node], _ authority: SimulatedAuthority?) {
        for (index, node) in nodes.enumerated() {
            for case .http(let port, let status, let isSecure, let location) in node.services {
                let context = isSecure ? authority?.contexts[node.name] : nil
                guard !isSecure || context != nil else { continue }
                let service = HTTPService(status: status, host: node.name, location: location)
                servers[Place(node: index, port: port)] = Server(service: service, context: context)
            }
        }
    }

    /// Hands a segment to its connection, or begins one; `nil` when there is no such server.
    mutating func receive(
        _ segment: TCPSegment,
        on flow: TCPFlow,
        initial: UInt32,
        at node: Int,
        now: UInt64
    ) -> Reply? {
        guard let server = servers[Place(node: node, port: flow.localPort)] else { return nil }
        guard var conversation = conversations[flow] else { return accept(segment, server, flow, initial, now) }
        var segments = conversation.connection.receive(segment, now: now)
        if var stream = conversation.stream {
            // Moved out and back in, so that its bytes are not copied.
            conversation.stream = nil
            stream.pass(&conversation.connection) { server.service.serve(&$0) }
            conversation.stream = stream
        } else {
            server.service.serve(&conversation.connection)
        }
        segments += conversation.connection.flush(now: now)
        return Reply(segments: segments, wakeAt: keep(conversation, flow))
    }

    /// The time has come for a connection.
    mutating func wake(_ flow: TCPFlow, now: UInt64) -> Reply? {
        guard var conversation = conversations[flow], conversation.connection.wakeAt <= now else { return nil }
        let segments = conversation.connection.wake(now: now)
        return Reply(segments: segments, wakeAt: keep(conversation, flow))
    }

    private mutating func accept(
        _ segment: TCPSegment,
        _ server: Server,
        _ flow: TCPFlow,
        _ initial: UInt32,
        _ now: UInt64
    ) -> Reply {
        let stream: TLSStream?
        do throws(TLSError) {
            guard segment.isRequest, conversations.count < Self.maximumConnections else {
                return Reply(segments: [segment.refusal].compactMap { $0 })
            }
            stream = if let context = server.context { try TLSStream(context) } else { nil }
        } catch {
            return Reply(segments: [segment.refusal].compactMap { $0 })
        }
        let conversation = Conversation(
            connection: TCPConnection(segment, initial: initial, now: now),
            stream: stream
        )
        let acceptance = segment.acceptance(initial: initial)
        return Reply(segments: [acceptance].compactMap { $0 }, wakeAt: keep(conversation, flow))
    }

    /// Returns when to wake it, if that is news.
    private mutating func keep(_ conversation: Conversation, _ flow: TCPFlow) -> UInt64? {
        guard !conversation.connection.isOver else {
            conversations[flow] = nil
            return nil
        }
        let wakeAt = conversation.connection.wakeAt
        let isNew = conversations[flow]?.connection.wakeAt != wakeAt
        conversations[flow] = conversation
        return isNew ? wakeAt : nil
    }
}
