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
    private var spareBlock = HTTPFields()

    init(channel: Channel, server: HTTPServerLoop) {
        self.channel = channel
        self.server = server
        times = ConnectionTimes(now: channel.loop.now)
        peer = HTTPPeer(
            address: channel.peerAddress,
            service: channel.tls?.peer?.service,
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
        for stream in session.streams.values where stream.isFlowing { stream.task?.cancel() }
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
        if let host = stream.head.fields["host"], !stream.head.authority.isEmpty, host != stream.head.authority {
            return reject(stream, 400, ":authority and host differ")
        }
        if let length = stream.head.fields["content-length"].flatMap({ Int($0) }), length > server.limits.bodyBytes {
            return reject(stream, 413, "the body is over \(server.limits.bodyBytes) bytes")
        }
        // An upgrade is answered before its body ends, which may be never.
        if stream.head.upgrade != nil { dispatch(stream) }
    }

    func dataReceived(_ stream: HTTP2Stream, _ bytes: Span<UInt8>) {
        guard let session, !stream.isRejected else { return }
        guard !stream.isFlowing else { return stream.append(bytes) }
        guard stream.received.count + bytes.count <= server.limits.bodyBytes else {
            return reject(stream, 413, "the body is over \(server.limits.bodyBytes) bytes")
        }
        unsafe bytes.withUnsafeBufferPointer { unsafe stream.received.append(contentsOf: $0) }
        session.openWindow(bytes.count, of: stream)
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
        guard let session, let bound else { return }
        // A stream that the peer has reset no longer counts for libnghttp2, but its handler does for us.
        guard running < server.limits.concurrentRequests else {
            return session.reset(stream, NGHTTP2_REFUSED_STREAM)
        }
        guard let request = request(of: stream) else { return reject(stream, 400, "not a request") }
        running += 1
        times.lastRequest = channel.loop.now
        server.requests.increment()
        let id = stream.id
        let handler = server.handler
        let task = startHandler(on: channel.loop) {
            let response = await handler(request)
            await bound.value.answer(id, response)
        }
        guard !stream.isClosed, !stream.isAnswered else { return }
        stream.task = task
        if let timeout = request.timeout { stream.expire(after: timeout) }
    }

    private func request(of stream: HTTP2Stream) -> HTTPRequest? {
        var head = HTTP2Head()
        swap(&head, &stream.head)
        stream.isHeadRequest = head.method == .head
        guard let target = HTTPTarget(head.path) else { return nil }
        stream.isFlowing = head.upgrade != nil
        var body: [UInt8] = []
        if !stream.isFlowing { swap(&body, &stream.received) }
        return HTTPRequest(
            method: head.method,
            path: target.path,
            query: target.query,
            authority: head.authority.isEmpty ? head.fields["host"] ?? "" : head.authority,
            fields: head.fields,
            body: body,
            upgrade: head.upgrade,
            peer: peer
        )
    }

    /// Sends the answer of a handler; returns when all of its body is written.
    private func answer(_ id: Int32, _ response: HTTPResponse) async {
        defer {
            running -= 1
            if isDraining { channel.scheduleFlush() }
        }
        guard let stream = session?.stream(id) else { return }
        do {
            switch response.body {
            case .bytes(let bytes):
                try submit(response, stream, bytes)
            case .stream(let produce):
                stream.isWriting = true
                try submit(response, stream, nil)
                try await produce(HTTPBodyWriter(stream, on: channel.loop))
                stream.finish()
            case .tunnel(let run):
                try submit(response, stream, nil)
                try await run(HTTPTunnel(stream, on: channel.loop))
                stream.finish()
            }
        } catch {
            if !stream.isClosed { session?.reset(stream, NGHTTP2_CANCEL) }
        }
        stream.isAnswered = true
    }

    private func submit(_ response: HTTPResponse, _ stream: HTTP2Stream, _ body: [UInt8]?) throws(HTTPError) {
        guard let session else { return }
        var block = HTTPFields()
        swap(&block, &spareBlock)
        defer {
            block.removeAll()
            swap(&block, &spareBlock)
        }
        block.append(":status", decimal: response.status)
        block.append(response.fields)
        if let body {
            if response.status != 204, response.status != 304 { block.append("content-length", decimal: body.count) }
            stream.output = stream.isHeadRequest ? [] : body
            stream.outputSince = channel.loop.now
            stream.isOutputFinished = true
        }
        try session.submitResponse(
            stream,
            &block,
            hasBody: body.map { !$0.isEmpty && !stream.isHeadRequest } ?? true
        )
        channel.scheduleFlush()
    }

    /// Answers without asking the handler, and takes no more of the request.
    private func reject(_ stream: HTTP2Stream, _ status: Int, _ reason: String) {
        guard !stream.isRejected else { return }
        stream.isRejected = true
        stream.isHeadRequest = stream.isHeadRequest || stream.head.method == .head
        stream.received = []
        do {
            try submit(.text(status, reason), stream, Array((reason + "\n").utf8))
        } catch {
            channel.close(error)
        }
    }

    /// Reads no more while more than its share of answers waits for the peer.
    private func holdBackIfFull() {
        guard let session, !channel.hasRoom else { return }
        let waiting = session.streams.values.reduce(0) { $0 + $1.output.count - $1.sent }
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
