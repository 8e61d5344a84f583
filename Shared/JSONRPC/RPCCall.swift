public import JSON
public import Observability

/// A request that has found its method, on its way to the handler, and from there back as a reply.
///
/// One value goes all the way, and its last step makes the reply, so that nothing is left to be done behind an await.
@usableFromInline struct RPCCall: Sendable {
    let route: RPCRoute
    /// The message, in which the id lies; there is no id in a notification.
    let message: [UInt8]
    let id: Range<Int>?
    /// An object; positional ones are named before the handler sees them.
    @usableFromInline var params: ArraySlice<UInt8>
    @usableFromInline var context: CallContext
    let start: ContinuousClock.Instant

    /// Replies with the result that `write` writes, and then with the lines of a stream.
    @usableFromInline
    func reply(
        with stream: RPCStreamBody? = nil,
        _ write: (inout JSONWriter) throws -> Void
    ) -> RPCRouter.Reply {
        var writer = JSONWriter(capacity: 512)
        writer.opening(#"{"jsonrpc":"2.0","result":"#)
        let head = writer.bytes.count
        do {
            try write(&writer)
        } catch {
            return failure(error)
        }
        route.finish(self, nil) { writer.bytes[head...] }
        guard let id else { return .none }
        writer.key("id")
        writer.raw(message.span.extracting(id))
        writer.endObject()
        guard let stream else { return .message(writer.bytes) }
        return .stream(stream.translating { [route] in route.translate($0) }.beginning(with: writer.bytes))
    }

    /// Replies with an error of the handler, or of what stands before it.
    @usableFromInline
    func failure(_ error: any Error) -> RPCRouter.Reply {
        let error = route.translate(error)
        route.finish(self, error)
        return id.map { .message(error.reply(to: message[$0])) } ?? .none
    }
}

extension RPCError {
    /// An error response; `id` is null when the request could not be read.
    func reply(to id: ArraySlice<UInt8>?) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("error")
        write(to: &writer)
        writer.key("id")
        if let id { writer.raw(id) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}
