public import EventLoop

/// What a WebSocket may cost, and how long its peer may be silent.
public struct WebSocketLimits: Sendable {
    public var messageBytes = 65_536
    /// Bytes that may wait behind a write that is under way.
    public var outputBytes = 1 << 20
    public var pingInterval = Duration.seconds(25)
    public var pongTimeout = Duration.seconds(8)

    public init() {}
}

/// One WebSocket connection on a tunnel, on either side.
///
/// Reading and writing may go on in two tasks; each is done by one task at a time, on the loop of the tunnel.
public final class WebSocket: Sendable {
    private final class State {
        let framing: WebSocketFraming
        var isWriting = false

        init(_ framing: WebSocketFraming) {
            self.framing = framing
        }
    }

    private let tunnel: HTTPTunnel
    private let state: LoopBound<State>
    private let limits: WebSocketLimits

    public init(
        _ tunnel: HTTPTunnel,
        isServer: Bool,
        on loop: EventLoop,
        limits: WebSocketLimits = WebSocketLimits()
    ) throws(HTTPError) {
        self.tunnel = tunnel
        self.limits = limits
        let framing = try WebSocketFraming(isServer: isServer, maximumMessage: limits.messageBytes)
        state = LoopBound(State(framing), on: loop)
    }

    /// The next message; `nil` when the peer has closed.
    ///
    /// Throws when it broke the protocol or the connection.
    public func receive() async throws -> WebSocketMessage? {
        while true {
            if let message = state.value.framing.nextMessage() { return message }
            guard !state.value.framing.isReadClosed, let bytes = try await tunnel.read() else {
                try? await flush()
                return nil
            }
            let result = Result { () throws(HTTPError) in try state.value.framing.receive(bytes) }
            try await flush()
            try result.get()
        }
    }

    /// From now on a message of the peer may have so many bytes, where `limits` said less or more.
    public func limitMessages(to count: Int) {
        state.value.framing.limitMessages(to: count)
    }

    /// Returns when there is room for more.
    public func send(_ message: WebSocketMessage) async throws {
        try state.value.framing.queue(message)
        try await flush()
    }

    /// Asks the peer for a sign of life; `pongCount` tells of it.
    public func ping() async throws {
        try state.value.framing.queuePing()
        try await flush()
    }

    public var pongCount: Int { state.value.framing.pongCount }

    /// Begins an orderly close (section 7.1.2); `code` from section 7.4.1.
    public func close(_ code: UInt16 = 1_000, _ reason: String = "") async {
        try? state.value.framing.queueClose(code, reason)
        try? await flush()
    }

    /// Writes what the framing has made; one task at a time, so that frames keep their order.
    private func flush() async throws {
        let state = state.value
        guard !state.isWriting else {
            // Somebody is writing already, and takes this too. Pongs for a peer that never reads are not kept.
            guard state.framing.output.count <= limits.outputBytes else {
                throw HTTPError(.closing, "the peer does not read")
            }
            return
        }
        state.isWriting = true
        defer { state.isWriting = false }
        while !state.framing.output.isEmpty {
            try await tunnel.write(state.framing.takeOutput())
        }
    }
}
