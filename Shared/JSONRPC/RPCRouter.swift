public import JSON
public import Observability

/// Finds the handler of a method by its wire name, and answers JSON-RPC messages with it.
public struct RPCRouter: Sendable {
    /// What an answer is made of.
    public enum Reply: Sendable {
        /// Nothing is to be sent: every request was a notification.
        case none
        case message([UInt8])
        case stream(RPCStreamBody)
    }

    let title: String
    let authorizer: any RPCAuthorizer
    let log: Log
    private let calls: CounterFamily?
    private let seconds: HistogramFamily?
    private(set) var routes: [UInt64: RPCRoute] = [:]

    /// A router without metrics counts nothing.
    public init(
        title: String,
        authorizer: any RPCAuthorizer = CallerList(),
        log: Log,
        metrics: Metrics? = nil
    ) {
        self.title = title
        self.authorizer = authorizer
        self.log = log
        calls = metrics?.counter("sonde_rpc_requests_total", "JSON-RPC calls answered.", labels: ["method", "code"])
        seconds = metrics?.histogram("sonde_rpc_seconds", "Time to answer a JSON-RPC call.", labels: ["method"])
    }

    // Inlinable, so that the caller's module makes the code for its own types.
    @inlinable
    public mutating func handle<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ handler: @escaping @Sendable (Params) async throws -> Result
    ) {
        add(method.descriptor) { params, writer in
            let params = try decode(Params.self, params)
            try await handler(params).writePayload(to: &writer)
            return nil
        }
    }

    @inlinable
    public mutating func handle<Params, Result, Element>(
        _ method: RPCStreamMethod<Params, Result, Element>,
        _ handler: @escaping @Sendable (Params) async throws -> RPCStream<Result, Element>
    ) {
        let name = method.name
        add(method.descriptor) { params, writer in
            let params = try decode(Params.self, params)
            let stream = try await handler(params)
            try stream.result.writePayload(to: &writer)
            return stream.body(of: name)
        }
    }

    /// Answers a method whose types are not known here, such as one that is passed on to another service.
    public mutating func handle(
        _ descriptor: RPCDescriptor,
        raw handler: @escaping @Sendable (ArraySlice<UInt8>) async throws -> RPCRawReply
    ) {
        add(descriptor) { params, writer in
            let reply = try await handler(params)
            writer.raw(reply.result)
            return reply.stream
        }
    }

    /// The methods this router answers, by name.
    public var descriptors: [RPCDescriptor] {
        routes.values.map(\.descriptor).sorted { $0.name < $1.name }
    }

    @usableFromInline
    mutating func add(_ descriptor: RPCDescriptor, _ invoke: @escaping RPCInvoke) {
        let added = RPCRoute(descriptor, calls: calls, seconds: seconds, invoke)
        let name = added.name
        let hash = fnv1a(name.span)
        precondition(routes[hash] == nil, "\(descriptor.name) is registered twice, or its hash is taken")
        routes[hash] = added
    }

    /// `rpc.discover`, made when it is asked for: the document describes all methods, and itself.
    func discovery() -> RPCRoute {
        let descriptor = RPCMethod<Empty, JSONValue>(
            "rpc.discover",
            "Returns this document (OpenRPC).",
            of: RPCPeer(rawValue: title),
            access: .anyone,
            isIdempotent: true
        ).descriptor
        let document = openRPC(title: title, version: "1.0.0", methods: descriptors + [descriptor]).json()
        return RPCRoute(descriptor, calls: calls, seconds: seconds) { _, writer in
            writer.raw(document)
            return nil
        }
    }
}

extension JSONValue: RPCPayload {
    public init(payload bytes: ArraySlice<UInt8>) throws {
        try self.init(json: bytes)
    }

    public func writePayload(to writer: inout JSONWriter) {
        write(to: &writer)
    }

    public static var schema: JSONSchema { .any }
}

/// Decodes params, runs the handler and writes the result; returns what follows the result on a stream.
@usableFromInline typealias RPCInvoke = @Sendable (ArraySlice<UInt8>, inout JSONWriter) async throws -> RPCStreamBody?

/// A method as a router knows it.
final class RPCRoute: Sendable {
    let descriptor: RPCDescriptor
    let name: [UInt8]
    let callers: [String]
    let invoke: RPCInvoke
    let succeeded: Counter?
    let calls: CounterFamily?
    let seconds: Histogram?

    init(
        _ descriptor: RPCDescriptor,
        calls: CounterFamily?,
        seconds: HistogramFamily?,
        _ invoke: @escaping RPCInvoke
    ) {
        self.descriptor = descriptor
        name = Array(descriptor.name.utf8)
        callers = descriptor.callers.map(\.rawValue)
        self.invoke = invoke
        self.calls = calls
        succeeded = calls?(descriptor.name, "0")
        self.seconds = seconds?(descriptor.name)
    }

    /// Whether the contract lists the service at the other end.
    func isOpen(to peer: String?) -> Bool {
        peer.map(callers.contains) ?? false
    }

    /// Whether `text`, a JSON string with its quotes, is this method's name.
    func isNamed(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count != name.count + 2 else { return text.dropFirst().dropLast().elementsEqual(name) }
        return (try? String(json: text)) == descriptor.name
    }

    func count(_ error: RPCError?, seconds elapsed: Double) {
        if let error {
            calls?(descriptor.name, "\(error.code.rawValue)").increment()
        } else {
            succeeded?.increment()
        }
        seconds?.observe(elapsed)
    }
}

/// Decides who else may call what, besides the services that the contract lists.
///
/// Throws `permissionDenied` or `unauthenticated` when they may not.
public protocol RPCAuthorizer: Sendable {
    func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError)
}

/// Lets nobody call but the services that the contract lists, and everyone what is for anyone.
public struct CallerList: RPCAuthorizer {
    public init() {}

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) {
        guard method.access == .anyone else {
            throw RPCError(.permissionDenied, "\(context.peer ?? "nobody") may not call \(method.name)")
        }
    }
}

/// Lets everyone call everything: for a client in the same process, and for tests of what is below the check.
public struct OpenDoor: RPCAuthorizer {
    public init() {}

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) {}
}

@inlinable
func decode<Params: RPCPayload>(_ type: Params.Type, _ bytes: ArraySlice<UInt8>) throws(RPCError) -> Params {
    do {
        return try Params(payload: bytes)
    } catch let error as JSONError {
        throw RPCError(.invalidParams, error.message)
    } catch {
        throw RPCError(.invalidParams, "the parameters cannot be read")
    }
}
