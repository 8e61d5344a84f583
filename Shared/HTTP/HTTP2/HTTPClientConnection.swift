import CNghttp2
import EventLoop
import Glibc
import TLS

/// The client's side of one HTTP/2 connection; confined to its loop.
public final class HTTPClientConnection {
    let channel: Channel
    private var session: HTTP2Session?
    private var establishing: CheckedContinuation<Void, any Error>?
    private var isGoingAway = false
    private var failure: (any Error)?
    private var timer: TimerToken?
    private var hasHeard = true
    /// When the keep-alive timer is to fire, in nanoseconds of the loop's clock.
    private var keepAliveDue: UInt64 = 0
    /// The fields of the request that is being sent, kept for the memory.
    private var block = HTTPFields()
    /// A request has put the names of the fields that differ into the table that both sides keep.
    private var knowsVaryingNames = false
    private var whenUnusable: CheckedContinuation<Void, Never>?

    init(channel: Channel) {
        self.channel = channel
    }

    /// Whether it takes another request.
    public var isUsable: Bool { session != nil && !isGoingAway && !channel.isClosed }

    /// Requests under way.
    public var activeRequests: Int { session?.streams.count ?? 0 }

    /// When the peer's certificate ends, in seconds since 1970; 0 without one.
    public var peerNotAfter: Int64 { channel.tls?.peerNotAfter ?? 0 }

    /// Sends a request and returns the whole answer; throws `timeout` when it does not come in time.
    ///
    /// `more` adds the fields that differ from one request to the next. A task that is cancelled already sends nothing;
    /// one that is cancelled while it waits notices within 10 ms.
    public func send(
        _ request: HTTPClientRequest,
        timeout: Duration? = nil,
        adding more: (inout HTTPFields) -> Void = { _ in }
    ) async throws -> HTTPClientResponse {
        try Task.checkCancellation()
        return try await submit(request, isFinished: true, adding: more).answer(within: timeout)
    }

    /// Sends a request and returns as soon as the head of the answer is there, which may have to come in time; the body
    /// flows through the tunnel.
    public func open(
        _ request: HTTPClientRequest,
        timeout: Duration? = nil,
        adding more: (inout HTTPFields) -> Void = { _ in }
    ) async throws -> (head: HTTPClientResponse, tunnel: HTTPTunnel) {
        if request.isUpgrade {
            guard session?.peerAcceptsConnectProtocol == true else {
                throw HTTPError(.refused, "the peer takes no extended CONNECT")
            }
        }
        let stream = try submit(request, isFinished: !request.isUpgrade, adding: more)
        stream.isFlowing = true
        if let timeout { stream.expire(after: timeout) }
        return (try await stream.answerHead(), HTTPTunnel(FlowingStream(stream), on: channel.loop))
    }

    /// Returns when it takes no more requests.
    ///
    /// To be awaited by one task.
    public func untilUnusable() async {
        guard isUsable else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                whenUnusable = continuation
                if !isUsable || Task.isCancelled { becomeUnusable() }
            }
        } onCancel: { [bound = LoopBound(self, on: channel.loop)] in
            bound.loop.execute { bound.value.becomeUnusable() }
        }
    }

    private func becomeUnusable() {
        whenUnusable?.resume()
        whenUnusable = nil
    }

    /// Lets what is under way finish, and closes then.
    public func drain() {
        isGoingAway = true
        becomeUnusable()
        session?.submitGoAway()
        channel.scheduleFlush()
    }

    public func close() {
        channel.close(nil)
    }

    func establish() async throws {
        channel.handler = self
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard !channel.isClosed else { return continuation.resume(throwing: failure ?? CancellationError()) }
                establishing = continuation
                do { try channel.start() } catch { channel.close(error) }
            }
        } onCancel: { [bound = LoopBound(channel, on: channel.loop)] in
            bound.loop.execute { bound.value.close(CancellationError()) }
        }
    }

    /// Takes over a channel that is established; whoever waits for `greeting` may send when it is resumed.
    func begin(_ greeting: CheckedContinuation<Void, any Error>) {
        channel.handler = self
        establishing = greeting
        channelEstablished()
    }

    private func submit(
        _ request: HTTPClientRequest,
        isFinished: Bool,
        adding more: (inout HTTPFields) -> Void
    ) throws -> HTTP2Stream {
        guard let session, isUsable else { throw failure ?? HTTPError(.closing, "the connection takes nothing new") }
        block.append(":scheme", channel.tls == nil ? "http" as StaticString : "https")
        block.append(request.head)
        let firstVarying = block.count
        more(&block)
        defer { block.removeAll() }
        // One request is remembered whole, so that later ones send no names; never what is secret.
        let isRemembered = !knowsVaryingNames && block.place(of: "authorization") == nil
        if isRemembered { knowsVaryingNames = true }
        let stream = try session.submitRequest(
            block,
            varyingFrom: isRemembered ? block.count : firstVarying,
            body: request.body,
            isFinished: isFinished
        )
        stream.keepsFields = request.keepsFields
        channel.scheduleFlush()
        return stream
    }
}

extension HTTPClientConnection: ChannelHandler {
    func channelEstablished() {
        do {
            let session = try HTTP2Session(isServer: false, role: self, loop: channel.loop, limits: channel.limits)
            try session.submitSettings([
                (NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
                (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, channel.limits.streamWindow),
                (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, channel.limits.fieldBytes),
            ])
            self.session = session
            armKeepAlive()
        } catch {
            channel.close(error)
        }
    }

    func channelReceived(_ bytes: Span<UInt8>) throws {
        hasHeard = true
        try session?.receive(bytes)
    }

    func channelFinished() {
        channel.close(HTTPError(.connection, "the peer closed the connection"))
    }

    func channelWillFlush() {
        guard let session else { return }
        do {
            while channel.hasRoom {
                let count = try unsafe session.fill(channel.buffers.gathered)
                guard count > 0 else { break }
                channel.write(unsafe UnsafeBufferPointer(rebasing: channel.buffers.gathered[..<count]).span)
            }
        } catch {
            return channel.close(error)
        }
        if session.isOver || (isGoingAway && session.streams.isEmpty) { channel.closeWhenSent() }
    }

    func channelClosed(_ error: (any Error)?) {
        if let timer { channel.loop.disarm(timer) }
        failure = error
        establishing?.resume(throwing: error ?? HTTPError(.connection, "the connection was closed"))
        establishing = nil
        session?.close(HTTPError(.connection, error.map { "\($0)" } ?? "the connection was closed"))
        session = nil
        becomeUnusable()
    }
}

extension HTTPClientConnection: HTTP2Role {
    func headReceived(_ stream: HTTP2Stream) {
        stream.wakeIfHeadReceived()
    }

    func dataReceived(_ stream: HTTP2Stream, _ bytes: Span<UInt8>) {
        guard !stream.isFlowing else { return stream.append(bytes) }
        guard stream.received.count + bytes.count <= channel.limits.bodyBytes else {
            stream.close(HTTPError(.tooLarge, "the answer is over \(channel.limits.bodyBytes) bytes"))
            session?.reset(stream, NGHTTP2_CANCEL)
            return
        }
        unsafe bytes.withUnsafeBufferPointer { unsafe stream.received.append(contentsOf: $0) }
        stream.session.openWindow(bytes.count, of: stream)
    }

    func endReceived(_ stream: HTTP2Stream) {
        stream.wakeReader()
        stream.wakeIfAnswered()
    }

    func streamClosed(_ stream: HTTP2Stream) {
        if isGoingAway { channel.scheduleFlush() }
    }

    func outputPending() {
        channel.scheduleFlush()
    }

    func goAwayReceived() {
        isGoingAway = true
        becomeUnusable()
    }

    func pingAcknowledged() {}

    func settingsReceived() {
        establishing?.resume()
        establishing = nil
    }
}

/// Notices, by its silence, a peer that has vanished without a word.
private final class KeepAlive: TimerHandler {
    unowned let connection: HTTPClientConnection

    init(_ connection: HTTPClientConnection) {
        self.connection = connection
    }

    func timerFired(_ token: TimerToken) {
        connection.keepAlive()
    }
}

extension HTTPClientConnection {
    private func armKeepAlive() {
        let timeout = channel.limits.keepAlive
        keepAliveDue = channel.loop.now + UInt64(timeout.inNanoseconds)
        timer = channel.loop.arm(KeepAlive(self), afterNanoseconds: UInt64(timeout.inNanoseconds))
    }

    fileprivate func keepAlive() {
        timer = nil
        // A loop that stood still has not read yet what the peer has said meanwhile.
        let isLate = channel.loop.now > keepAliveDue + 1_000_000_000
        guard hasHeard || activeRequests == 0 || isLate else {
            return channel.close(HTTPError(.timeout, "the peer has gone silent"))
        }
        hasHeard = false
        if activeRequests > 0 {
            session?.submitPing()
            channel.scheduleFlush()
        }
        armKeepAlive()
    }
}

/// A flowing answer; the stream is reset when nobody reads it any more.
private final class FlowingStream: ByteStream {
    private let stream: HTTP2Stream
    private let session: LoopBound<HTTP2Session>

    init(_ stream: HTTP2Stream) {
        self.stream = stream
        session = stream.session.bound
    }

    deinit {
        guard !stream.isClosed else { return }
        session.value.reset(stream, NGHTTP2_CANCEL)
    }

    func read() async throws -> [UInt8]? { try await stream.read() }
    func write(_ bytes: [UInt8]) async throws { try await stream.write(bytes) }
    func finish() { stream.finish() }
}
