import JSON
public import Observability

extension RPCRouter {
    /// What becomes of a message.
    public enum Outcome: Sendable {
        /// Nothing has to be waited for.
        case reply(Reply)
        /// What is left to be done: a call whose handler awaits, or several.
        case work(@Sendable () async -> Reply)

        func reply() async -> Reply {
            switch self {
            case .reply(let reply): reply
            case .work(let work): await work()
            }
        }
    }

    /// Answers one JSON-RPC message: a request, a notification or a batch.
    public func respond(to bytes: [UInt8], context: CallContext) async -> Reply {
        await accept(bytes, context: context).reply()
    }

    /// Reads one JSON-RPC message, and answers it as far as that can be done without waiting.
    public func accept(_ bytes: [UInt8], context: CallContext) -> Outcome {
        let message: RPCMessage
        do {
            message = try RPCMessage(bytes)
        } catch {
            return .reply(.message(error.reply(to: nil)))
        }
        switch message {
        case .single(let envelope):
            return accept(envelope, in: bytes, context, since: context.start, mayStream: true)
        case .batch(let requests):
            return .work { await answer(requests, in: bytes, context) }
        }
    }

    /// Answers the requests of a batch one after another, in their order.
    private func answer(
        _ requests: [RPCEnvelope?],
        in bytes: [UInt8],
        _ context: CallContext
    ) async -> Reply {
        var body: [UInt8] = []
        for request in requests {
            let outcome = accept(request, in: bytes, context, since: .now, mayStream: false)
            guard case .message(let message) = await outcome.reply() else { continue }
            body.append(UInt8(ascii: body.isEmpty ? "[" : ","))
            body.append(contentsOf: message)
        }
        guard !body.isEmpty else { return .none }
        body.append(UInt8(ascii: "]"))
        return .message(body)
    }

    private func accept(
        _ envelope: RPCEnvelope?,
        in bytes: [UInt8],
        _ context: CallContext,
        since start: ContinuousClock.Instant,
        mayStream: Bool
    ) -> Outcome {
        guard let envelope else { return .reply(.message(Self.invalid.reply(to: nil))) }
        let call: RPCCall
        do throws(RPCError) {
            let route = try route(of: envelope, in: bytes)
            guard mayStream || !route.isStream else {
                throw RPCError(.invalidRequest, "\(route.descriptor.name) streams, so it cannot stand in a batch")
            }
            call = RPCCall(
                route: route,
                message: bytes,
                id: envelope.id,
                params: envelope.params.map { bytes[$0] } ?? [0x7b, 0x7d],
                context: context,
                start: start
            )
        } catch {
            return .reply(envelope.id.map { .message(error.reply(to: bytes[$0])) } ?? .none)
        }
        guard !call.route.isOpen(to: context.peer) else { return call.route.accept(call) }
        return .work {
            var call = call
            do throws(RPCError) {
                let principal = try await authorizer.authorize(call.route.descriptor, context)
                if let principal { call.context = context.made(for: principal) }
            } catch {
                return call.failure(error)
            }
            return await call.route.accept(call).reply()
        }
    }

    private static let invalid = RPCError(.invalidRequest, "not a request object of JSON-RPC 2.0")

    private func route(of envelope: RPCEnvelope, in bytes: [UInt8]) throws(RPCError) -> RPCRoute {
        if let route = routes[envelope.methodHash], route.isNamed(bytes, envelope.method) { return route }
        guard (try? String(json: bytes[envelope.method])) == "rpc.discover" else {
            throw RPCError(.methodNotFound, "there is no such method here")
        }
        return discovery()
    }
}

extension RPCDescriptor {
    /// Names positional params.
    func named(positional params: ArraySlice<UInt8>) throws(RPCError) -> ArraySlice<UInt8> {
        let names = positions.map(\.name)
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
                    writer.key(named: names[index])
                    writer.raw(value)
                    index += 1
                }
                writer.endObject()
            }
        } catch {
            throw RPCError(error)
        }
        return writer.bytes[...]
    }
}
