import JSON

/// What a streaming method answers with: a result, and then elements for as long as the caller listens.
public struct RPCStream<Result: RPCPayload, Element: RPCPayload>: Sendable {
    public typealias Producer = @Sendable (RPCElementWriter<Element>) async throws -> Void

    @usableFromInline let result: Result
    let produce: Producer

    /// `produce` sends elements until it is done; it is cancelled when the caller goes away.
    public init(_ result: Result, _ produce: @escaping Producer) {
        self.result = result
        self.produce = produce
    }

    @usableFromInline
    func body(of method: String) -> RPCStreamBody {
        let produce = produce
        return RPCStreamBody { sink in
            try await produce(RPCElementWriter(method: method, sink: sink))
        }
    }
}

/// Sends the elements of one stream.
public struct RPCElementWriter<Element: RPCPayload>: Sendable {
    let method: String
    let sink: any RPCLineSink

    /// Waits while the caller takes less than it is sent.
    public func send(_ element: Element) async throws {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.string(method)
        writer.key("params")
        try element.writePayload(to: &writer)
        writer.endObject()
        try await sink.send(line: writer.bytes)
    }
}

/// Where the lines of a stream go: one JSON document each, without its newline.
public protocol RPCLineSink: Sendable {
    func send(line: [UInt8]) async throws
}

/// A stream that is ready to be sent: each line is one JSON document.
public struct RPCStreamBody: Sendable {
    /// The reply with the result, which goes before all other lines.
    private(set) var head: [UInt8]?
    private let lines: @Sendable (any RPCLineSink) async throws -> Void

    public init(_ lines: @escaping @Sendable (any RPCLineSink) async throws -> Void) {
        self.lines = lines
    }

    /// Sends every line.
    ///
    /// An error of the producer becomes a last notification, `rpc.error`.
    public func run(_ sink: any RPCLineSink) async throws {
        do {
            if let head { try await sink.send(line: head) }
            try await lines(sink)
        } catch let error as RPCError {
            try await sink.send(line: Self.failure(error))
        }
    }

    /// Hands on every element, and not the result; throws what ends the stream too early.
    public func elements<Element: RPCPayload>(_ body: @escaping @Sendable (Element) async throws -> Void) async throws {
        try await lines(ElementSink(body: body))
    }

    /// The same stream with its producer's errors as `translate` tells them; those of the connection stay as they are.
    func translating(_ translate: @escaping @Sendable (any Error) -> RPCError) -> Self {
        let lines = lines
        return Self { sink in
            do {
                try await lines(MarkingSink(sink: sink))
            } catch let failure as MarkingSink.Failure {
                throw failure.cause
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw translate(error)
            }
        }
    }

    func beginning(with line: [UInt8]) -> Self {
        var stream = self
        stream.head = line
        return stream
    }

    private static func failure(_ error: RPCError) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.raw("\"rpc.error\"")
        writer.key("params")
        error.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }
}

/// Reads the elements that a stream's notifications carry.
private struct ElementSink<Element: RPCPayload>: RPCLineSink {
    let body: @Sendable (Element) async throws -> Void

    func send(line: [UInt8]) async throws {
        try await body(Element(payload: line[try RPCReplyEnvelope(line).element(in: line)]))
    }
}

/// Marks the errors of the connection, so that they are not taken for the producer's.
private struct MarkingSink: RPCLineSink {
    struct Failure: Error {
        var cause: any Error
    }

    let sink: any RPCLineSink

    func send(line: [UInt8]) async throws {
        do {
            try await sink.send(line: line)
        } catch {
            throw Failure(cause: error)
        }
    }
}

/// The answer of a handler that does not know its method's types.
public struct RPCRawReply: Sendable {
    /// One JSON value.
    public var result: ArraySlice<UInt8>
    public var stream: RPCStreamBody?

    public init(result: ArraySlice<UInt8>, stream: RPCStreamBody? = nil) {
        self.result = result
        self.stream = stream
    }
}
