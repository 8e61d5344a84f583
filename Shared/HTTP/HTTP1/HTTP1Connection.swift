import EventLoop
import Observability
import TLS

/// The server's side of one HTTP/1.1 connection: one request after another.
final class HTTP1Connection: ServerConnection, ChannelHandler, TimerHandler {
    private let channel: Channel
    private let server: HTTPServerLoop
    private let peer: HTTPPeer
    private var parser: HTTP1Parser
    private var bound: LoopBound<HTTP1Connection>?
    /// The request that is being answered.
    private var current: HTTP1Head?
    private var task: Task<Void, Never>?
    private var flow: HTTP1Flow?
    private var isDraining = false
    private var isWaitingForRoom = false
    /// Whether the last answer has been written: what still comes is no request.
    private var isOver = false
    /// Whether a loop is at work that takes the next request by itself.
    private var isServing = false
    private var timer: TimerToken?
    /// Whether the timer is about a request that has begun.
    private var isTimingRequest = false

    init(channel: Channel, server: HTTPServerLoop) {
        self.channel = channel
        self.server = server
        peer = HTTPPeer(address: channel.peerAddress, isEncrypted: channel.tls != nil)
        parser = HTTP1Parser(limits: server.limits)
    }

    func start() {
        bound = LoopBound(self, on: channel.loop)
        arm(server.limits.headTimeout)
        isTimingRequest = true
    }

    /// Answers what is under way and closes; who has not asked yet may do so once more, and is told that it is the last.
    func drain() {
        isDraining = true
        if current == nil, !parser.isWithinRequest { arm(server.limits.farewellTimeout) }
        // A tunnel has no end of its own; an answer under way may finish, as far as there is time.
        if let flow, flow.isTunnel { flow.fail(HTTPError(.closing, "the server is stopping")) }
        if current != nil { arm(server.limits.drainTimeout) }
    }

    // MARK: ChannelHandler

    func channelEstablished() {}

    func channelReceived(_ bytes: Span<UInt8>) {
        if let flow, flow.isTunnel { return flow.received(bytes) }
        guard !isOver else { return }
        parser.append(bytes)
        guard current == nil else {
            // The next request waits for its turn, and its sender with it.
            if parser.pending > server.limits.fieldBytes { channel.pauseReading() }
            return
        }
        serveNext()
    }

    func channelFinished() {
        if let flow, flow.isTunnel { return flow.finished() }
        if current == nil { channel.close(nil) } else { isDraining = true }
    }

    func channelWillFlush() {
        flow?.roomMade(channel.hasRoom)
        // A client that reads no answers is asked no more questions.
        guard channel.hasRoom, isWaitingForRoom else { return }
        isWaitingForRoom = false
        channel.resumeReading()
        serveNext()
    }

    func channelClosed(_ error: (any Error)?) {
        disarm()
        task?.cancel()
        flow?.fail(HTTPError(.connection, "the connection is gone"))
        bound = nil
        server.closed(ObjectIdentifier(self))
    }

    // MARK: Requests

    private func serveNext() {
        guard !isServing else { return }
        isServing = true
        defer { isServing = false }
        do {
            while current == nil, !isOver, !channel.isClosed {
                guard channel.hasRoom else {
                    isWaitingForRoom = true
                    return channel.pauseReading()
                }
                guard let event = try parser.next() else { return armForRequest() }
                switch event {
                case .expectsContinue: send("HTTP/1.1 100 Continue\r\n\r\n")
                case .request(let head, let body): dispatch(head, body)
                }
            }
        } catch {
            refuse(error)
        }
    }

    private func dispatch(_ head: HTTP1Head, _ body: [UInt8]) {
        guard let bound else { return }
        disarm()
        current = head
        if isDraining { arm(server.limits.drainTimeout) }
        server.requests.increment()
        let request = HTTPRequest(
            method: head.method,
            path: head.target.path,
            query: head.target.query,
            authority: head.authority,
            fields: head.fields,
            body: body,
            upgrade: head.upgrade,
            peer: peer,
            receivedAt: channel.loop.instant
        )
        let answer = server.responder(request)
        let task = startHandler(on: channel.loop) { await bound.value.send(answer.response()) }
        if current != nil { self.task = task }
    }

    private func send(_ response: HTTPResponse) async {
        guard let head = current, !channel.isClosed else { return }
        var endsConnection = !head.keepsAlive || isDraining
        do {
            switch response.body {
            case .bytes(let bytes):
                sendHead(response, head, endsConnection, .length(bytes.count))
                if head.method != .head { channel.write(bytes.span) }
            case .stream(let produce):
                endsConnection = endsConnection || head.isVersion10
                let flow = HTTP1Flow(channel, framing: head.isVersion10 ? .none : .chunked)
                self.flow = flow
                sendHead(response, head, endsConnection, head.isVersion10 ? .untilClose : .chunked)
                if head.method != .head {
                    try await produce(HTTPBodyWriter(flow, on: channel.loop))
                    flow.finish()
                }
            case .tunnel where isDraining:
                let refusal = server.refusal(503, "the server is stopping")
                guard case .bytes(let body) = refusal.body else { preconditionFailure("a refusal's body is bytes") }
                endsConnection = true
                sendHead(refusal, head, true, .length(body.count))
                channel.write(body.span)
            case .tunnel(let run):
                endsConnection = true
                let flow = HTTP1Flow(channel, framing: .none)
                flow.isTunnel = true
                self.flow = flow
                sendHead(response, head, false, .upgrade)
                flow.received(parser.takeRest().span)
                try await run(HTTPTunnel(flow, on: channel.loop))
            }
        } catch {
            // The head has gone out, so the only way to say that the rest is missing is to break off.
            return channel.close(error)
        }
        finish(endsConnection)
    }

    private func finish(_ endsConnection: Bool) {
        current = nil
        task = nil
        flow = nil
        guard !channel.isClosed else { return }
        guard !endsConnection else { return end() }
        channel.resumeReading()
        arm(isDraining ? server.limits.farewellTimeout : server.limits.idleTimeout)
        serveNext()
    }

    private func refuse(_ refusal: HTTP1Refusal) {
        let response = server.refusal(refusal.status, refusal.reason)
        guard case .bytes(let body) = response.body else { preconditionFailure("a refusal's body is bytes") }
        sendHead(response, nil, true, .length(body.count))
        channel.write(body.span)
        end(lingering: true)
    }

    private func end(lingering: Bool = false) {
        isOver = true
        channel.closeWhenSent(lingering: lingering)
    }

    // MARK: Heads

    private enum Framing {
        case length(Int)
        case chunked
        case untilClose
        case upgrade
    }

    private func sendHead(_ response: HTTPResponse, _ head: HTTP1Head?, _ closes: Bool, _ framing: Framing) {
        var text = "HTTP/1.1 "
        if case .upgrade = framing {
            text += "101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: \(head?.upgrade ?? "")\r\n"
            if let key = head?.fields["sec-websocket-key"] {
                text += "sec-websocket-accept: \(WebSocketHandshake.accept(key))\r\n"
            }
        } else {
            text += "\(response.status) \(HTTPStatus.reason(response.status))\r\n"
        }
        // HTTP/2 knows neither field, so they are not the handler's to give.
        if response.status == 426 { text += "upgrade: websocket\r\nconnection: upgrade\r\n" }
        for field in response.fields.all { text += "\(field.name): \(field.value)\r\n" }
        switch framing {
        case .length(let count) where response.status != 204 && response.status != 304:
            text += "content-length: \(count)\r\n"
        case .chunked: text += "transfer-encoding: chunked\r\n"
        case .length, .untilClose, .upgrade: break
        }
        if closes { text += "connection: close\r\n" }
        send(text + "\r\n")
    }

    private func send(_ text: String) {
        let bytes = Array(text.utf8)
        channel.write(bytes.span)
    }

    // MARK: Timers

    private func armForRequest() {
        guard parser.isWithinRequest, !isTimingRequest else { return }
        arm(server.limits.headTimeout)
        isTimingRequest = true
    }

    private func arm(_ timeout: Duration) {
        disarm()
        guard !channel.isClosed else { return }
        timer = channel.loop.arm(self, afterNanoseconds: UInt64(timeout.inNanoseconds))
    }

    private func disarm() {
        if let timer { channel.loop.disarm(timer) }
        timer = nil
        isTimingRequest = false
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        guard current == nil else { return channel.close(HTTPError(.timeout, "the drain took too long")) }
        guard parser.isWithinRequest else { return end() }
        refuse(HTTP1Refusal(408, "the request took too long"))
    }
}
