import Glibc
import JSON
public import Observability

extension RPCRouter {
    /// Answers one JSON-RPC message: a request, a notification or a batch.
    public func respond(to bytes: [UInt8], context: CallContext) async -> Reply {
        let message: RPCMessage
        do {
            message = try RPCMessage(bytes)
        } catch {
            return .message(Self.failure(error, id: nil))
        }
        switch message {
        case .single(let request):
            return await answer(request, in: bytes, context, mayStream: true)
        case .batch(let requests):
            return await answer(requests, in: bytes, context)
        }
    }

    /// Answers the requests of a batch one after another, in their order.
    private func answer(
        _ requests: [Result<RPCEnvelope, RPCError>],
        in bytes: [UInt8],
        _ context: CallContext
    ) async -> Reply {
        var body: [UInt8] = []
        for request in requests {
            guard case .message(let reply) = await answer(request, in: bytes, context, mayStream: false) else {
                continue
            }
            body.append(UInt8(ascii: body.isEmpty ? "[" : ","))
            body.append(contentsOf: reply)
        }
        guard !body.isEmpty else { return .none }
        body.append(UInt8(ascii: "]"))
        return .message(body)
    }

    private func answer(
        _ request: Result<RPCEnvelope, RPCError>,
        in bytes: [UInt8],
        _ context: CallContext,
        mayStream: Bool
    ) async -> Reply {
        let envelope: RPCEnvelope
        switch request {
        case .success(let success): envelope = success
        case .failure(let error): return .message(Self.failure(error, id: nil))
        }
        var writer = JSONWriter(capacity: 512)
        let id = envelope.id.map { bytes[$0] }
        do throws(RPCError) {
            writer.bytes.append(contentsOf: Self.resultPrefix)
            let stream = try await run(envelope, in: bytes, context, &writer, mayStream: mayStream)
            guard let id else { return .none }
            writer.key("id")
            writer.raw(id)
            writer.endObject()
            return stream.map { .stream($0.beginning(with: writer.bytes)) } ?? .message(writer.bytes)
        } catch {
            return id.map { .message(Self.failure(error, id: $0)) } ?? .none
        }
    }

    /// What every result begins with.
    private static let resultPrefix = Array(#"{"jsonrpc":"2.0","result":"#.utf8)

    private func run(
        _ envelope: RPCEnvelope,
        in bytes: [UInt8],
        _ context: CallContext,
        _ writer: inout JSONWriter,
        mayStream: Bool
    ) async throws(RPCError) -> RPCStreamBody? {
        let route = try route(of: envelope, in: bytes)
        guard mayStream || !route.descriptor.isStream else {
            throw RPCError(.invalidRequest, "\(route.descriptor.name) streams, so it cannot stand in a batch")
        }
        let start = ContinuousClock.now
        do {
            if !route.isOpen(to: context.peer) { try await authorizer.authorize(route.descriptor, context) }
            let params = try parameters(of: envelope, in: bytes, for: route.descriptor)
            let stream = try await CallContext.$current.withValue(context) {
                try await route.invoke(params, &writer)
            }
            route.count(nil, seconds: start.duration(to: .now).inSeconds)
            return stream?.translating { translate($0, of: route.descriptor) }
        } catch {
            let failure = translate(error, of: route.descriptor)
            route.count(failure, seconds: start.duration(to: .now).inSeconds)
            throw failure
        }
    }

    private func route(of envelope: RPCEnvelope, in bytes: [UInt8]) throws(RPCError) -> RPCRoute {
        let name = bytes[envelope.method]
        if let route = routes[envelope.methodHash], route.isNamed(name) { return route }
        guard (try? String(json: name)) == "rpc.discover" else {
            throw RPCError(.methodNotFound, "there is no such method here")
        }
        return discovery()
    }

    /// The params as an object: positional ones are named by the order of their declaration.
    private func parameters(
        of envelope: RPCEnvelope,
        in bytes: [UInt8],
        for method: RPCDescriptor
    ) throws(RPCError) -> ArraySlice<UInt8> {
        guard let range = envelope.params else { return [0x7b, 0x7d] }
        let params = bytes[range]
        guard params.first == UInt8(ascii: "[") else { return params }
        return try method.named(positional: params)
    }

    /// The one place where an error of a handler becomes one for its caller; what is internal goes to the log.
    private func translate(_ error: any Error, of method: RPCDescriptor) -> RPCError {
        switch error {
        case let error as RPCError:
            if error.code == .permissionDenied {
                log.warning("refused a call", ["method": method.name, "reason": error.message])
            }
            return error
        case is CancellationError:
            return RPCError(.cancelled, "the call was cancelled")
        default:
            log.error("call failed", ["method": method.name, "error": "\(error)"])
            return RPCError(.internalError, "internal error")
        }
    }

    /// An error response; `id` is null when the request could not be read.
    static func failure(_ error: RPCError, id: ArraySlice<UInt8>?) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("error")
        error.write(to: &writer)
        writer.key("id")
        if let id { writer.raw(id) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }
}

extension RPCDescriptor {
    /// Names positional params by the order in which the contract declares them.
    func named(positional params: ArraySlice<UInt8>) throws(RPCError) -> ArraySlice<UInt8> {
        let names = self.params.properties.map(\.name)
        var writer = JSONWriter(capacity: params.count + 64)
        do {
            try JSONReader.read(params) { reader throws(JSONError) in
                var index = 0
                writer.beginObject()
                try reader.beginArray()
                while try reader.nextElement() {
                    guard index < names.count else {
                        throw JSONError(.mismatch, "\(name) takes at most \(names.count) parameters", at: 0)
                    }
                    var value: [UInt8] = []
                    try reader.rawValue(into: &value)
                    writer.key(names[index])
                    writer.raw(value)
                    index += 1
                }
                writer.endObject()
            }
        } catch {
            throw RPCError(.invalidParams, error.message)
        }
        return writer.bytes[...]
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
