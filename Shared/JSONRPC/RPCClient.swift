public import JSON
public import Observability

/// Calls the methods of one peer service.
public struct RPCClient: Sendable {
    @usableFromInline let transport: any RPCTransport

    public init(_ transport: any RPCTransport) {
        self.transport = transport
    }

    /// A client of a router in the same process: everything is written and read as it would be on the wire.
    public init(inProcess router: RPCRouter, as peer: RPCPeer? = nil) {
        self.init(InProcessTransport(router: router, peer: peer))
    }

    /// Throws the peer's `RPCError`, one of `unavailable` and `deadlineExceeded`, or `CancellationError` when the
    /// calling task is cancelled.
    // Inlinable, so that the caller's module makes the code for its own types.
    @inlinable
    public func call<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ params: Params,
        timeout: Duration? = nil
    ) async throws -> Result {
        let body = try request(method.name, params)
        let message = RPCOutgoing(method.name, isIdempotent: method.isIdempotent, body: body, timeout)
        return try result(of: method.name, await transport.send(message))
    }

    /// Starts a streaming method; ends it when the returned subscription goes.
    ///
    /// `timeout` is for its beginning.
    public func follow<Params, Result, Element>(
        _ method: RPCStreamMethod<Params, Result, Element>,
        _ params: Params,
        timeout: Duration? = nil
    ) async throws -> RPCSubscription<Result, Element> {
        let body = try request(method.name, params)
        let message = RPCOutgoing(method.name, isIdempotent: true, body: body, timeout)
        let lines = try await transport.open(message)
        guard let first = try await lines.next() else {
            throw RPCError(.unavailable, "the stream ended before its result")
        }
        return RPCSubscription(try result(of: method.name, first), lines)
    }

    /// Calls a method with params that are JSON already; returns the result as JSON.
    public func call(_ method: RPCDescriptor, raw params: ArraySlice<UInt8>) async throws -> ArraySlice<UInt8> {
        let body = request(method.name, raw: params)
        let message = RPCOutgoing(method.name, isIdempotent: method.isIdempotent, body: body, nil)
        let reply = try await transport.send(message)
        return try Self.result(in: reply)
    }

    /// Starts a streaming method with params that are JSON already, and passes its lines on as they are.
    public func follow(_ method: RPCDescriptor, raw params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        let body = request(method.name, raw: params)
        let lines = try await transport.open(RPCOutgoing(method.name, isIdempotent: true, body: body, nil))
        guard let first = try await lines.next() else {
            throw RPCError(.unavailable, "the stream ended before its result")
        }
        let result = try Self.result(in: first)
        return RPCRawReply(
            result: result,
            stream: RPCStreamBody { sink in
                while let line = try await lines.next() { try await sink.send(line: line) }
            }
        )
    }

    @inlinable
    func request(_ name: String, _ params: some RPCPayload) throws -> [UInt8] {
        var writer = head(name)
        try params.writePayload(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    func request(_ name: String, raw params: ArraySlice<UInt8>) -> [UInt8] {
        var writer = head(name)
        writer.raw(params)
        writer.endObject()
        return writer.bytes
    }

    @usableFromInline
    func head(_ name: String) -> JSONWriter {
        var writer = JSONWriter(capacity: 512)
        writer.opening(#"{"jsonrpc":"2.0","id":1,"method":"#)
        writer.string(name)
        writer.key("params")
        return writer
    }

    @inlinable
    func result<Result: RPCPayload>(of method: String, _ reply: [UInt8]) throws -> Result {
        let payload = try Self.result(in: reply)
        do {
            return try Result(payload: payload)
        } catch {
            throw RPCError(.internalError, "\(method) answered with something else than its contract says")
        }
    }

    @usableFromInline
    static func result(in reply: [UInt8]) throws(RPCError) -> ArraySlice<UInt8> {
        reply[try RPCReplyEnvelope(reply).result()]
    }
}

/// One request on its way to a peer.
public struct RPCOutgoing: Sendable {
    /// The wire name of its method.
    public var name: String
    /// Whether it may be tried again when nobody knows what became of it.
    public var isIdempotent: Bool
    public var body: [UInt8]
    /// Shorter than the caller's own deadline, or none.
    public var timeout: Duration?
    /// The call that this one is part of.
    public var context: CallContext?

    @usableFromInline
    init(_ name: String, isIdempotent: Bool, body: [UInt8], _ timeout: Duration?) {
        self.name = name
        self.isIdempotent = isIdempotent
        self.body = body
        self.timeout = timeout
        context = CallContext.current
    }
}

/// Carries messages to one peer.
public protocol RPCTransport: Sendable {
    /// One request, one reply.
    func send(_ message: RPCOutgoing) async throws -> [UInt8]
    /// One request, many lines.
    func open(_ message: RPCOutgoing) async throws -> any RPCLineSource
}

/// The lines of a stream as they come; the stream ends when the last reference goes.
public protocol RPCLineSource: Sendable {
    /// `nil` at the end of the stream. To be awaited by one task at a time.
    func next() async throws -> [UInt8]?
}

/// A stream under way: its result, and its elements one after another.
public struct RPCSubscription<Result: RPCPayload, Element: RPCPayload>: Sendable {
    public let result: Result
    private let lines: any RPCLineSource

    init(_ result: Result, _ lines: any RPCLineSource) {
        self.result = result
        self.lines = lines
    }

    /// `nil` when the peer ended the stream; throws its `rpc.error`, and `unavailable` when the connection broke.
    public func next() async throws -> Element? {
        guard let line = try await lines.next() else { return nil }
        return try Element(payload: line[try RPCReplyEnvelope(line).element(in: line)])
    }
}
