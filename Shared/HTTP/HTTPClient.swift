public import EventLoop
public import TLS

/// One connection to a server, in the version that both sides speak; confined to its loop.
public protocol HTTPClient: AnyObject {
    /// Whether it takes another request.
    var isUsable: Bool { get }
    /// Sends a request and returns the whole answer; throws `timeout` when it does not come in time.
    func send(_ request: HTTPClientRequest, timeout: Duration?) async throws -> HTTPClientResponse
    /// Sends a request and returns as soon as the head of the answer is there, which has to come in time; the body flows
    /// through the tunnel.
    func open(
        _ request: HTTPClientRequest,
        timeout: Duration?
    ) async throws -> (head: HTTPClientResponse, tunnel: HTTPTunnel)
    /// Lets what is under way finish, and closes then.
    func drain()
    func close()
}

extension HTTPClientConnection: HTTPClient {
    public func send(_ request: HTTPClientRequest, timeout: Duration?) async throws -> HTTPClientResponse {
        try await send(request, timeout: timeout, adding: { _ in })
    }

    public func open(
        _ request: HTTPClientRequest,
        timeout: Duration?
    ) async throws -> (head: HTTPClientResponse, tunnel: HTTPTunnel) {
        try await open(request, timeout: timeout, adding: { _ in })
    }
}

extension HTTPConnector {
    /// Connects, shakes hands, and speaks what the server chose of HTTP/2 and HTTP/1.1; without TLS the latter.
    ///
    /// All of it has to be done within the time that a handshake has. To be called on the loop.
    public func connectAny(
        to address: SocketAddress,
        tls context: TLSContext?,
        serverName: String
    ) async throws -> any HTTPClient {
        loop.preconditionIsCurrent()
        let channel = Channel(
            try TCPSocket.connect(to: address),
            isConnecting: true,
            tls: try context.map { try TLSSession($0, serverName: serverName) },
            loop: loop,
            limits: limits,
            buffers: buffers
        )
        return try await ClientGreeter(channel).greet()
    }
}

/// Holds a new connection until it is known which protocol it speaks, and hands it over.
private final class ClientGreeter: ChannelHandler, TimerHandler {
    private let channel: Channel
    private var greeting: CheckedContinuation<Void, any Error>?
    private var client: (any HTTPClient)?
    private var timer: TimerToken?
    private var failure: (any Error)?

    init(_ channel: Channel) {
        self.channel = channel
    }

    func greet() async throws -> any HTTPClient {
        channel.handler = self
        timer = channel.loop.arm(self, afterNanoseconds: UInt64(channel.limits.handshakeTimeout.inNanoseconds))
        defer { if let timer { channel.loop.disarm(timer) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard !channel.isClosed else { return continuation.resume(throwing: failure ?? CancellationError()) }
                greeting = continuation
                do { try channel.start() } catch { channel.close(error) }
            }
        } onCancel: { [bound = LoopBound(channel, on: channel.loop)] in
            bound.loop.execute { bound.value.close(CancellationError()) }
        }
        guard let client else { throw HTTPError(.connection, "the connection was closed") }
        return client
    }

    func channelEstablished() {
        guard let greeting else { return }
        self.greeting = nil
        if channel.tls?.applicationProtocol == .http2 {
            let connection = HTTPClientConnection(channel: channel)
            client = connection
            connection.begin(greeting)
        } else {
            let connection = HTTP1ClientConnection(channel: channel)
            client = connection
            channel.handler = connection
            greeting.resume()
        }
    }

    func channelReceived(_ bytes: Span<UInt8>) {}

    func channelFinished() {
        channel.close(HTTPError(.connection, "the peer closed the connection"))
    }

    func channelWillFlush() {}

    func channelClosed(_ error: (any Error)?) {
        failure = error
        greeting?.resume(throwing: error ?? HTTPError(.connection, "the connection was closed"))
        greeting = nil
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        channel.close(HTTPError(.timeout, "the handshake took too long"))
    }
}
