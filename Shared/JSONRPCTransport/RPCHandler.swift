public import HTTP
public import JSONRPC
public import Observability
import Synchronization

/// Answers JSON-RPC over HTTP at `/rpc`.
public struct RPCHandler: Sendable {
    private let router: RPCRouter
    private let traces = TraceSource()

    public init(_ router: RPCRouter) {
        self.router = router
    }

    public func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        await answer(request).response()
    }

    /// Answers at once what needs no handler, and what a handler answers that waits for nothing.
    ///
    /// `context` is for who has made it already.
    public func answer(_ request: HTTPRequest, in context: CallContext? = nil) -> HTTPAnswer {
        guard request.path == "/rpc" else { return .now(.text(404, "not found")) }
        guard request.method == .post else {
            return .now(HTTPResponse(status: 405, fields: ["allow": "POST"]))
        }
        // Asked for exactly: a browser sends other types to foreign servers without asking them first.
        guard request.holdsJSON else {
            return .now(.text(415, "content-type must be application/json"))
        }
        switch router.accept(request.body, context: context ?? self.context(of: request)) {
        case .reply(let reply): return .now(Self.response(reply))
        case .work(let work): return .later { Self.response(await work()) }
        }
    }

    private static func response(_ reply: RPCRouter.Reply) -> HTTPResponse {
        switch reply {
        case .none:
            HTTPResponse(status: 204)
        case .message(let bytes):
            HTTPResponse(status: 200, fields: json, body: .bytes(bytes))
        case .stream(let body):
            HTTPResponse(
                status: 200,
                fields: lines,
                body: .stream { writer in try await body.run(LineWriter(writer: writer)) }
            )
        }
    }

    /// What a request's fields say of the call, which may take `limit` at most, whatever its caller would wait.
    public func context(of request: HTTPRequest, within limit: Duration? = nil) -> CallContext {
        let parent = request.fields.read("traceparent") { TraceContext(traceparent: $0) }
        let token = request.fields["authorization"].flatMap { text in
            text.hasPrefix("Bearer ") ? BearerToken(String(text.dropFirst(7))) : nil
        }
        return CallContext(
            trace: parent ?? traces.new(),
            start: request.receivedAt,
            timeout: limit.map { min($0, request.timeout ?? $0) } ?? request.timeout,
            peer: request.peer.service,
            peerIdentity: request.peer.identity,
            token: token,
            address: request.peer.host
        )
    }

    private static let json: HTTPFields = ["content-type": "application/json"]
    private static let lines: HTTPFields = ["content-type": "application/x-ndjson"]
}

/// One JSON document a line.
private struct LineWriter: RPCLineSink {
    let writer: HTTPBodyWriter

    func send(line: [UInt8]) async throws {
        var line = line
        line.append(UInt8(ascii: "\n"))
        try await writer.write(line)
    }
}
