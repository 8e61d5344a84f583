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
    private let witness: (any RPCWitness)?
    private let calls: CounterFamily?
    private let seconds: HistogramFamily?
    private(set) var routes: [UInt64: RPCRoute] = [:]

    /// A router without metrics counts nothing.
    public init(
        title: String,
        authorizer: any RPCAuthorizer = CallerList(),
        log: Log,
        metrics: Metrics? = nil,
        witness: (any RPCWitness)? = nil
    ) {
        self.title = title
        self.authorizer = authorizer
        self.log = log
        self.witness = witness
        calls = metrics?.counter("sonde_rpc_requests_total", "JSON-RPC calls answered.", labels: ["method", "code"])
        seconds = metrics?.histogram(
            "sonde_rpc_seconds",
            "Time from a JSON-RPC call's arrival to its answer.",
            labels: ["method"]
        )
    }

    // Inlinable, so that the caller's module makes the code for its own types. What the three have in common stands in
    // each of them: a function of its own, awaited, would cost every call a switch of executors.
    @inlinable
    public mutating func handle<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ handler: @escaping @Sendable (Params) async throws -> Result
    ) {
        add(method.descriptor) { call throws(RPCError) in
            let params: Params = try readParams(call.params)
            return .work {
                await CallContext.$ofTask.withValue(call.context) {
                    do {
                        let result = try await handler(params)
                        return call.reply { try result.writePayload(to: &$0) }
                    } catch {
                        return call.failure(error)
                    }
                }
            }
        }
    }

    /// A handler that waits for nothing: it is answered without a task.
    @inlinable
    public mutating func handle<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ handler: @escaping @Sendable (Params) throws -> Result
    ) {
        add(method.descriptor) { call throws(RPCError) in
            let params: Params = try readParams(call.params)
            let reply = call.context.run {
                do {
                    let result = try handler(params)
                    return call.reply { try result.writePayload(to: &$0) }
                } catch {
                    return call.failure(error)
                }
            }
            return .reply(reply)
        }
    }

    @inlinable
    public mutating func handle<Params, Result, Element>(
        _ method: RPCStreamMethod<Params, Result, Element>,
        _ handler: @escaping @Sendable (Params) async throws -> RPCStream<Result, Element>
    ) {
        let name = method.name
        add(method.descriptor) { call throws(RPCError) in
            let params: Params = try readParams(call.params)
            return .work {
                await CallContext.$ofTask.withValue(call.context) {
                    do {
                        let stream = try await handler(params)
                        return call.reply(with: stream.body(of: name)) { try stream.result.writePayload(to: &$0) }
                    } catch {
                        return call.failure(error)
                    }
                }
            }
        }
    }

    /// Answers a method whose types are not known here, such as one that is passed on to another service.
    public mutating func handle(
        _ descriptor: RPCDescriptor,
        raw handler: @escaping @Sendable (ArraySlice<UInt8>) async throws -> RPCRawReply
    ) {
        add(descriptor) { call throws(RPCError) in
            .work {
                await CallContext.$ofTask.withValue(call.context) {
                    do {
                        let reply = try await handler(call.params)
                        return call.reply(with: reply.stream) { $0.raw(reply.result) }
                    } catch {
                        return call.failure(error)
                    }
                }
            }
        }
    }

    /// The methods this router answers, by name.
    public var descriptors: [RPCDescriptor] {
        routes.values.map(\.descriptor).sorted { $0.name < $1.name }
    }

    @usableFromInline
    mutating func add(_ descriptor: RPCDescriptor, _ invoke: @escaping RPCInvoke) {
        let added = RPCRoute(descriptor, log: log, witness: witness, calls: calls, seconds: seconds, invoke)
        precondition(routes[added.hash] == nil, "\(descriptor.name) is registered twice, or its hash is taken")
        routes[added.hash] = added
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
        return RPCRoute(descriptor, log: log, calls: calls, seconds: seconds) { call in
            .reply(call.reply { $0.raw(document) })
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

/// Decodes params, and runs the handler or leaves that to be done.
@usableFromInline typealias RPCInvoke = @Sendable (RPCCall) throws(RPCError) -> RPCRouter.Outcome

/// A method as a router knows it.
@usableFromInline
final class RPCRoute: Sendable {
    let descriptor: RPCDescriptor
    let isStream: Bool
    private let invoke: RPCInvoke
    private let name: [UInt8]
    private let callers: [String]
    private let log: Log
    private let witness: (any RPCWitness)?
    private let succeeded: Counter?
    private let calls: CounterFamily?
    private let seconds: Histogram?

    init(
        _ descriptor: RPCDescriptor,
        log: Log,
        witness: (any RPCWitness)? = nil,
        calls: CounterFamily?,
        seconds: HistogramFamily?,
        _ invoke: @escaping RPCInvoke
    ) {
        self.descriptor = descriptor
        isStream = descriptor.isStream
        name = Array(descriptor.name.utf8)
        callers = descriptor.callers.map(\.rawValue)
        self.log = log
        self.witness = witness
        self.invoke = invoke
        self.calls = calls
        succeeded = calls?(descriptor.name, "0")
        self.seconds = seconds?(descriptor.name)
    }

    /// FNV-1a of its name.
    var hash: UInt64 {
        let name = name
        return fnv1a(name.span)
    }

    /// Whether the contract lists the service at the other end.
    func isOpen(to peer: String?) -> Bool {
        peer.map(callers.contains) ?? false
    }

    /// Whether the JSON string at `range`, with its quotes, is this method's name.
    func isNamed(_ message: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count != name.count + 2 else {
            let start = range.lowerBound + 1
            return name.indices.allSatisfy { name[$0] == message[start + $0] }
        }
        return (try? String(json: message[range])) == descriptor.name
    }

    /// The one place where an error of a handler becomes one for its caller; what is internal goes to the log.
    func translate(_ error: any Error) -> RPCError {
        switch error {
        case let error as RPCError:
            if error.code == .permissionDenied {
                log.warning("refused a call", ["method": descriptor.name, "reason": error.message])
            }
            return error
        case is CancellationError:
            return RPCError(.cancelled, "the call was cancelled")
        default:
            let told = RPCError(telling: error)
            if told.code == .internalError {
                log.error("call failed", ["method": descriptor.name, "error": "\(error)"])
            }
            return told
        }
    }

    /// Runs a call of a caller who may make it, as far as that can be done without waiting.
    func accept(_ call: RPCCall) -> RPCRouter.Outcome {
        do throws(RPCError) {
            guard call.params.first == UInt8(ascii: "[") else { return try invoke(call) }
            var named = call
            named.params = try descriptor.named(positional: call.params)
            return try invoke(named)
        } catch {
            return .reply(call.failure(error))
        }
    }

    /// Counts a call that has its answer, and shows it to the witness.
    func finish(_ call: RPCCall, _ error: RPCError?, result: () -> ArraySlice<UInt8> = { [] }) {
        count(error, seconds: call.start.duration(to: .now).inSeconds)
        guard let witness else { return }
        witness.answered(
            AnsweredCall(
                method: descriptor,
                params: call.params,
                result: error == nil ? result() : [],
                context: call.context,
                error: error
            )
        )
    }

    private func count(_ error: RPCError?, seconds elapsed: Double) {
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
/// Throws `permissionDenied` or `unauthenticated` when they may not. What is returned is for whom the call is made; the
/// handler finds it in its context.
public protocol RPCAuthorizer: Sendable {
    func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) -> (any Sendable)?
}

/// Lets nobody call but the services that the contract lists, and everyone what is for anyone.
public struct CallerList: RPCAuthorizer {
    public init() {}

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) -> (any Sendable)? {
        guard method.access == .anyone else {
            throw RPCError(.permissionDenied, "\(context.peer ?? "nobody") may not call \(method.name)")
        }
        return nil
    }
}

/// Lets everyone call everything: for a client in the same process, and for tests of what is below the check.
public struct OpenDoor: RPCAuthorizer {
    private let principal: (any Sendable)?

    /// `principal` is for whom every call is made that people can make and that does not say it itself.
    public init(for principal: (any Sendable)? = nil) { self.principal = principal }

    public func authorize(_ method: RPCDescriptor, _ context: CallContext) async throws(RPCError) -> (any Sendable)? {
        method.access == nil ? nil : context.principal ?? principal
    }
}

/// Reads a method's params; throws `invalidParams` with what is wrong.
@inlinable
public func readParams<Params: RPCPayload>(_ json: ArraySlice<UInt8>) throws(RPCError) -> Params {
    do {
        return try Params(payload: json)
    } catch let error as JSONError {
        throw RPCError(error)
    } catch {
        throw RPCError(.invalidParams, "the parameters cannot be read")
    }
}
