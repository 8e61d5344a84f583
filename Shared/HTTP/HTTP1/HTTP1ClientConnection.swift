import EventLoop
import TLS

/// The client's side of one HTTP/1.1 connection, which carries one request; confined to its loop.
public final class HTTP1ClientConnection: HTTPClient {
    private let channel: Channel
    private var reader: HTTP1ResponseReader?
    private var failure: (any Error)?
    private var isReading = true
    private var waiter: CheckedContinuation<Void, Never>?
    private var timer: TimerToken?

    init(channel: Channel) {
        self.channel = channel
    }

    public var isUsable: Bool { reader == nil && !channel.isClosed }

    public func send(_ request: HTTPClientRequest, timeout: Duration?) async throws -> HTTPClientResponse {
        defer { close() }
        var response = try await begin(request, timeout)
        while let bytes = try await read() {
            guard response.body.count + bytes.count <= channel.limits.bodyBytes else {
                throw HTTPError(.tooLarge, "the answer is over \(channel.limits.bodyBytes) bytes")
            }
            response.body += bytes
        }
        return response
    }

    public func open(
        _ request: HTTPClientRequest,
        timeout: Duration?
    ) async throws -> (head: HTTPClientResponse, tunnel: HTTPTunnel) {
        do {
            let head = try await begin(request, timeout)
            disarm()
            return (head, HTTPTunnel(FlowingBody(self), on: channel.loop))
        } catch {
            close()
            throw error
        }
    }

    public func drain() {
        guard reader == nil || reader?.isComplete == true else { return }
        close()
    }

    public func close() {
        disarm()
        channel.close(nil)
    }

    // MARK: The exchange

    private func begin(_ request: HTTPClientRequest, _ timeout: Duration?) async throws -> HTTPClientResponse {
        guard isUsable else { throw failure ?? HTTPError(.closing, "the connection takes nothing new") }
        guard !request.isUpgrade else { throw HTTPError(.refused, "the peer takes no extended CONNECT") }
        var plain = request.exchange(isEncrypted: channel.tls != nil)
        plain.maximumFieldBytes = channel.limits.fieldBytes
        // Whoever reads the body bounds it.
        plain.maximumBodyBytes = .max
        reader = HTTP1ResponseReader(plain)
        if let timeout {
            timer = channel.loop.arm(Deadline(self), afterNanoseconds: UInt64(max(0, timeout.inNanoseconds)))
        }
        channel.write(HTTP1Exchange.bytes(of: plain).span)
        try await wait { reader?.isHeadComplete == true }
        let response = reader?.response ?? HTTPExchangeResponse()
        return HTTPClientResponse(status: response.status, fields: response.fields, body: [])
    }

    /// The next bytes of the body; `nil` at its end.
    fileprivate func read() async throws -> [UInt8]? {
        try await wait { reader?.response.body.isEmpty == false || reader?.isComplete == true }
        let bytes = reader?.takeBody() ?? []
        if !isReading, !channel.isClosed {
            isReading = true
            channel.resumeReading()
        }
        return bytes.isEmpty ? nil : bytes
    }

    private func wait(until isReached: () -> Bool) async throws {
        while !isReached() {
            if let failure { throw failure }
            try Task.checkCancellation()
            await change(unless: isReached)
        }
    }

    private func change(unless isReached: () -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                precondition(waiter == nil, "one task reads a response at a time")
                waiter = continuation
                // Awaiting leads over the loop's queue: what is waited for may be there by now.
                if isReached() || failure != nil || Task.isCancelled { wake() }
            }
        } onCancel: { [bound = LoopBound(self, on: channel.loop)] in
            bound.loop.execute { bound.value.wake() }
        }
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }

    private func disarm() {
        if let timer { channel.loop.disarm(timer) }
        timer = nil
    }

    fileprivate func expire() {
        timer = nil
        channel.close(HTTPError(.timeout, "no answer came in time"))
    }
}

extension HTTP1ClientConnection: ChannelHandler {
    func channelEstablished() {}

    func channelReceived(_ bytes: Span<UInt8>) throws {
        guard reader != nil else { throw HTTPError(.protocolViolation, "the server answers what nobody asked") }
        try reader?.receive(bytes)
        if let held = reader?.response.body.count, held >= channel.limits.streamWindow, isReading {
            isReading = false
            channel.pauseReading()
        }
        wake()
    }

    func channelFinished() {
        do throws(HTTPError) {
            try reader?.end()
            channel.close(nil)
        } catch {
            channel.close(error)
        }
    }

    func channelWillFlush() {}

    func channelClosed(_ error: (any Error)?) {
        disarm()
        failure = error ?? HTTPError(.connection, "the connection was closed")
        wake()
    }
}

/// Ends a wait that takes too long.
private final class Deadline: TimerHandler {
    unowned let connection: HTTP1ClientConnection

    init(_ connection: HTTP1ClientConnection) {
        self.connection = connection
    }

    func timerFired(_ token: TimerToken) {
        connection.expire()
    }
}

/// A flowing answer; the connection is closed when nobody reads it any more.
private final class FlowingBody: ByteStream {
    private let connection: HTTP1ClientConnection

    init(_ connection: HTTP1ClientConnection) {
        self.connection = connection
    }

    deinit { connection.close() }

    func read() async throws -> [UInt8]? { try await connection.read() }

    func write(_ bytes: [UInt8]) async throws {
        throw HTTPError(.closing, "the request was sent whole")
    }

    func finish() {}
}

extension HTTPClientRequest {
    /// The same in the words of every version.
    fileprivate func exchange(isEncrypted: Bool) -> HTTPExchangeRequest {
        let method = head[":method"] ?? "GET"
        return HTTPExchangeRequest(
            method,
            scheme: isEncrypted ? "https" : "http",
            authority: head[":authority"] ?? "",
            path: head[":path"] ?? "/",
            fields: head.all.filter { !$0.name.hasPrefix(":") } + [(name: "connection", value: "close")],
            body: body.isEmpty && method == "GET" ? nil : body
        )
    }
}
