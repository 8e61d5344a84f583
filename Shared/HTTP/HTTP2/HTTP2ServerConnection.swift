import CNghttp2
import EventLoop
import Glibc
import Observability
import TLS

/// The server's side of one HTTP/2 connection.
final class HTTP2ServerConnection: ServerConnection, ChannelHandler, HTTP2Role {
    private let channel: Channel
    private let server: HTTPServerLoop
    private let peer: HTTPPeer
    private var session: HTTP2Session?
    private var bound: LoopBound<HTTP2ServerConnection>?
    /// Handlers under way, those whose stream is gone included.
    private var running = 0
    private var isDraining = false
    private var watch: ConnectionWatch?
    private var times: ConnectionTimes
    /// Whether an abusive peer is being cut off.
    private var isEnding = false

    init(channel: Channel, server: HTTPServerLoop) {
        self.channel = channel
        self.server = server
        times = ConnectionTimes(now: channel.loop.now)
        peer = HTTPPeer(
            address: channel.peerAddress,
            service: channel.tls?.peer?.service,
            identity: channel.tls?.peer?.description,
            isEncrypted: channel.tls != nil
        )
    }

    func start() throws(HTTPError) {
        let limits = server.limits
        let session = try HTTP2Session(isServer: true, role: self, loop: channel.loop, limits: limits)
        try session.submitSettings([
            (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentRequests),
            (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindow),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.fieldBytes),
            (NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1),
        ])
        self.session = session
        bound = LoopBound(self, on: channel.loop)
        watch = ConnectionWatch(on: channel.loop, limits) { [unowned self] in checkTimes() }
        channel.scheduleFlush()
    }

    /// Finishes what is under way and takes nothing new.
    func drain() {
        guard !isDraining, let session else { return }
        isDraining = true
        session.submitShutdownNotice()
        // A tunnel has no end of its own.
        for stream in session.streams where stream.isFlowing { stream.task?.cancel() }
        times.drainingSince = channel.loop.now
        channel.scheduleFlush()
    }

    // MARK: ChannelHandler

    func channelEstablished() {}

    func channelReceived(_ bytes: Span<UInt8>) throws {
        guard let session else { return }
        do {
            try session.receive(bytes)
        } catch {
            channelWillFlush()
            throw error
        }
        holdBackIfFull()
    }

    func channelFinished() {
        channel.close(nil)
    }

    func channelWillFlush() {
        guard let session else { return }
        do {
            try writeFrames(of: session)
            // Resets of our own are counted as they are sent.
            if session.isAbused { try end(session) }
        } catch {
            return channel.close(error)
        }
        if session.isOver || (isDraining && session.streams.isEmpty && running == 0 && hasSaidGoAway) {
            channel.closeWhenSent()
        }
    }

    private func writeFrames(of session: HTTP2Session) throws(HTTPError) {
        while channel.hasRoom {
            let count = try unsafe session.fill(channel.buffers.gathered)
            guard count > 0 else { return }
            channel.write(unsafe UnsafeBufferPointer(rebasing: channel.buffers.gathered[..<count]).span)
        }
    }

    /// Says goodbye to a peer that has used up what it may cost.
    private func end(_ session: HTTP2Session) throws(HTTPError) {
        guard !isEnding else { return }
        isEnding = true
        server.log.warning("closed an abusive connection", ["peer": peer.address])
        session.submitGoAway(NGHTTP2_ENHANCE_YOUR_CALM)
        try writeFrames(of: session)
        channel.closeWhenSent()
    }

    func channelClosed(_ error: (any Error)?) {
        watch?.stop()
        session?.close(HTTPError(.connection, "the connection is gone"))
        session = nil
        bound = nil
        server.closed(ObjectIdentifier(self))
    }

    // MARK: HTTP2Role

    private var hasSaidGoAway = false

    func pingAcknowledged() {
        guard isDraining, !hasSaidGoAway else { return }
        hasSaidGoAway = true
        session?.submitGoAway()
        channel.scheduleFlush()
    }

    func goAwayReceived() {}

    func settingsReceived() {
        times.hasGreeted = true
    }

    func outputPending() {
        channel.scheduleFlush()
    }

    func headReceived(_ stream: HTTP2Stream) {
        guard !stream.head.isOverLimit else { return reject(stream, 431, "too many or too large header fields") }
        guard !stream.head.isHostAmbiguous else {
            return reject(stream, 400, ":authority and host differ")
        }
        if let length = stream.head.contentLength, length > server.limits.bodyBytes {
            return reject(stream, 413, "the body is over \(server.limits.bodyBytes) bytes")
        }
        // An upgrade is answered before its body ends, which may be never.
        if stream.head.request.upgrade != nil { dispatch(stream) }
    }

    func dataReceived(_ stream: HTTP2Stream, _ bytes: Span<UInt8>) {
        guard !stream.isRejected else { return }
        guard !stream.isFlowing else { return stream.append(bytes) }
        guard stream.received.count + bytes.count <= server.limits.bodyBytes else {
            return reject(stream, 413, "the body is over \(server.limits.bodyBytes) bytes")
        }
        unsafe bytes.withUnsafeBufferPointer { unsafe stream.received.append(contentsOf: $0) }
        stream.session.openWindow(bytes.count, of: stream)
    }

    func endReceived(_ stream: HTTP2Stream) {
        if stream.isFlowing {
            stream.wakeReader()
        } else if !stream.isRejected {
            dispatch(stream)
        }
    }

    func streamClosed(_ stream: HTTP2Stream) {
        channel.resumeReading()
        if isDraining { channel.scheduleFlush() }
    }

    // MARK: Requests

    private func dispatch(_ stream: HTTP2Stream) {
        // A stream that the peer has reset no longer counts for libnghttp2, but its handler does for us.
        guard running < server.limits.concurrentRequests else {
            return stream.session.reset(stream, NGHTTP2_REFUSED_STREAM)
        }
        guard let request = request(of: stream) else { return reject(stream, 400, "not a request") }
        times.lastRequest = channel.loop.now
        server.requests.increment()
        switch server.responder(request) {
        case .now(let response):
            guard case .bytes(let body) = response.body else { return start(stream, request) { response } }
            send(response.status, response.fields, body, on: stream)
        case .later(let work):
            start(stream, request, work)
        }
    }

    private func start(
        _ stream: HTTP2Stream,
        _ request: HTTPRequest,
        _ work: @escaping @Sendable () async -> HTTPResponse
    ) {
        guard let bound else { return }
        running += 1
        let id = stream.id
        let task = startHandler(on: channel.loop) {
            let response = await work()
            await bound.value.finish(id, response)
        }
        guard !stream.isClosed, !stream.isAnswered else { return }
        stream.task = task
        if let timeout = request.timeout { stream.expire(after: timeout) }
    }

    private func request(of stream: HTTP2Stream) -> HTTPRequest? {
        guard !stream.head.isTargetInvalid, !stream.head.request.path.isEmpty else { return nil }
        let head = stream.head.takeRequest()
        stream.isHeadRequest = head.method == .head
        stream.isFlowing = head.upgrade != nil
        var body: [UInt8] = []
        if !stream.isFlowing { swap(&body, &stream.received) }
        return HTTPRequest(head, body: body, peer: peer, receivedAt: channel.loop.instant)
    }

    /// Sends the answer of a handler; returns when all of its body is written.
    private func finish(_ id: Int32, _ response: HTTPResponse) async {
        defer {
            running -= 1
            if isDraining { channel.scheduleFlush() }
        }
        guard let stream = session?.stream(id) else { return }
        do {
            switch response.body {
            case .bytes(let body):
                return send(response.status, response.fields, body, on: stream)
            case .stream(let produce):
                guard !stream.isHeadRequest else { return send(response.status, response.fields, nil, on: stream) }
                stream.isWriting = true
                try open(response, on: stream)
                try await produce(HTTPBodyWriter(stream, on: channel.loop))
                stream.finish()
            case .tunnel(let run):
                try open(response, on: stream)
                try await run(HTTPTunnel(stream, on: channel.loop))
                stream.finish()
            }
        } catch {
            if !stream.isClosed { session?.reset(stream, NGHTTP2_CANCEL) }
        }
        stream.isAnswered = true
    }

    /// Sends an answer whole; `nil` for a body whose length nobody knows, and that is not sent.
    private func send(_ status: Int, _ fields: HTTPFields, _ body: consuming [UInt8]?, on stream: HTTP2Stream) {
        let length = body?.count
        var hasBody = false
        if let body, !body.isEmpty, !stream.isHeadRequest {
            stream.output = body
            stream.outputSince = channel.loop.now
            hasBody = true
        }
        stream.isOutputFinished = true
        stream.isAnswered = true
        do {
            try stream.session.submitResponse(
                stream,
                status: status,
                fields,
                contentLength: status == 204 || status == 304 ? nil : length,
                hasBody: hasBody
            )
            channel.scheduleFlush()
        } catch {
            stream.session.reset(stream, NGHTTP2_CANCEL)
        }
    }

    /// Sends the head of an answer whose body follows piece by piece.
    private func open(_ response: HTTPResponse, on stream: HTTP2Stream) throws(HTTPError) {
        try stream.session.submitResponse(
            stream,
            status: response.status,
            response.fields,
            contentLength: nil,
            hasBody: true
        )
        channel.scheduleFlush()
    }

    private static let plainText: HTTPFields = ["content-type": "text/plain; charset=utf-8"]

    /// Answers without asking the handler, and takes no more of the request.
    private func reject(_ stream: HTTP2Stream, _ status: Int, _ reason: String) {
        guard !stream.isRejected else { return }
        stream.isRejected = true
        stream.isHeadRequest = stream.isHeadRequest || stream.head.request.method == .head
        stream.received = []
        let response = server.refusal(status, reason)
        guard case .bytes(let body) = response.body else { preconditionFailure("a refusal's body is bytes") }
        send(status, response.fields, body, on: stream)
    }

    /// Reads no more while more than its share of answers waits for the peer.
    private func holdBackIfFull() {
        guard let session, !channel.hasRoom else { return }
        let waiting = session.streams.reduce(0) { $0 + $1.output.count - $1.sent }
        if waiting > server.limits.bufferedBytes / 4 { channel.pauseReading() }
    }

    // MARK: Time

    /// Ends what has waited too long for its peer, and the connection when nothing is left to be waited for.
    private func checkTimes() {
        guard let session else { return }
        let now = channel.loop.now
        let limits = server.limits
        if let reason = times.failure(now: now, limits) ?? session.failure(now: now) {
            return channel.close(HTTPError(.timeout, reason))
        }
        session.resetStalled(now: now)
        // A peer whose certificate has ended is asked to come back with another one.
        let isOutdated = channel.tls.map { $0.peerNotAfter > 0 && $0.peerNotAfter <= Int64(time(nil)) } ?? false
        let isIdle = running == 0 && session.streams.isEmpty && times.isIdle(now: now, limits)
        if isOutdated || isIdle { drain() }
    }
}
