import CNghttp2
public import EventLoop

/// An exchange over HTTP/2 (RFC 9113), on a connection of its own.
///
/// To be used on one loop, and ended with `close`.
public final class HTTP2Exchange: HTTPExchange {
    private static let window = 262_144
    /// Fields that HTTP/2 has its own form of, or does not know (RFC 9113, section 8.2.2).
    private static let ownFields: Set<String> = [
        "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
    ]

    public private(set) var response = HTTPExchangeResponse()
    public private(set) var hasBegun = false
    public private(set) var isComplete = false
    private let request: HTTPExchangeRequest
    private var session: HTTP2Session?
    private var failure: HTTPError?
    /// Bytes that came before the response was there: interim ones may follow one another for ever.
    private var bytesBefore = 0

    public init(_ request: HTTPExchangeRequest, on loop: EventLoop) throws(HTTPError) {
        self.request = request
        var limits = HTTPLimits()
        limits.fieldCount = HTTPExchangeRequest.maximumFields
        limits.fieldBytes = request.maximumFieldBytes
        limits.streamWindow = Self.window
        limits.connectionWindow = Self.window
        let session = try HTTP2Session(isServer: false, role: self, loop: loop, limits: limits, takesBlanks: true)
        self.session = session
        do throws(HTTPError) {
            try begin(session)
        } catch {
            close()
            throw error
        }
    }

    private func begin(_ session: HTTP2Session) throws(HTTPError) {
        try session.submitSettings([
            (NGHTTP2_SETTINGS_ENABLE_PUSH, 0), (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, Self.window),
            (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, request.maximumFieldBytes),
        ])
        let block = Self.fields(of: request)
        _ = try session.submitRequest(block, varyingFrom: block.count, body: request.body ?? [], isFinished: true)
    }

    static func fields(of request: HTTPExchangeRequest) -> HTTPFields {
        var fields = HTTPFields()
        fields.append(lowercase: ":method", request.method)
        fields.append(lowercase: ":scheme", request.scheme)
        fields.append(lowercase: ":authority", request.authority)
        fields.append(lowercase: ":path", request.path)
        for (name, value) in request.fields where !ownFields.contains(name.lowercased()) { fields.append(name, value) }
        if let body = request.body { fields.append("content-length", decimal: body.count) }
        return fields
    }

    /// Lets the session go, which holds this object.
    public func close() {
        let session = session
        self.session = nil
        session?.close(HTTPError(.closing, "the exchange is over"))
    }

    public func takeOutput() throws(HTTPError) -> [UInt8] {
        guard let session else { return [] }
        var output: [UInt8] = []
        try unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4_096) { buffer throws(HTTPError) in
            while case let count = try unsafe session.fill(buffer), count > 0 {
                unsafe output.append(contentsOf: buffer[..<count])
            }
        }
        if !isComplete {
            if let failure { throw failure }
            // What breaks the connection leaves nothing to be read or written.
            if session.isOver { throw HTTPError(.protocolViolation, "the server broke HTTP/2, or ended it") }
        }
        return output
    }

    public func receive(_ bytes: Span<UInt8>) throws(HTTPError) {
        guard let session, !isComplete else { return }
        if !hasBegun {
            bytesBefore += bytes.count
            guard bytesBefore <= 4 * request.maximumFieldBytes else { throw HTTPExchangeRequest.tooManyFields }
        }
        try session.receive(bytes)
        if let failure, !isComplete { throw failure }
    }

    public func end() throws(HTTPError) {
        guard !isComplete else { return }
        throw HTTPError(
            .protocolViolation,
            hasBegun ? "the server closed within its response" : "the server closed without an answer"
        )
    }
}

extension HTTP2Exchange: HTTP2Role {
    func headReceived(_ stream: HTTP2Stream) {
        hasBegun = true
        if stream.head.isOverLimit { failure = HTTPExchangeRequest.tooManyFields }
        response.status = stream.head.status
        response.version = "2"
        response.fields = stream.head.request.fields.trimmed
    }

    func dataReceived(_ stream: HTTP2Stream, _ bytes: Span<UInt8>) {
        guard !isComplete else { return }
        if !response.keep(bytes, upTo: request.maximumBodyBytes) { isComplete = failure == nil }
        session?.giveBack(bytes.count, of: stream)
    }

    func endReceived(_ stream: HTTP2Stream) {
        isComplete = failure == nil && hasBegun
    }

    func streamClosed(_ stream: HTTP2Stream) {
        guard failure == nil else { return }
        failure = stream.failure ?? HTTPError(.protocolViolation, "the server ended the stream without a response")
    }

    /// Whoever drives the exchange asks for output after each input.
    func outputPending() {}
    func goAwayReceived() {}
    func pingAcknowledged() {}
    func settingsReceived() {}
}
