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
        guard request.path == "/rpc" else { return .text(404, "not found") }
        guard request.method == .post else {
            return HTTPResponse(status: 405, fields: ["allow": "POST"])
        }
        // Asked for exactly: a browser sends other types to foreign servers without asking them first.
        guard let type = request.fields.bytes(of: "content-type"), Self.isJSON(type) else {
            return .text(415, "content-type must be application/json")
        }
        switch await router.respond(to: request.body, context: context(of: request)) {
        case .none:
            return HTTPResponse(status: 204)
        case .message(let bytes):
            return HTTPResponse(status: 200, fields: Self.json, body: .bytes(bytes))
        case .stream(let body):
            return HTTPResponse(
                status: 200,
                fields: Self.lines,
                body: .stream { writer in try await body.run(LineWriter(writer: writer)) }
            )
        }
    }

    /// What a request's fields say of the call.
    public func context(of request: HTTPRequest) -> CallContext {
        let parent = request.fields.bytes(of: "traceparent").flatMap { TraceContext(traceparent: $0.span) }
        let token = request.fields["authorization"].flatMap { text in
            text.hasPrefix("Bearer ") ? BearerToken(String(text.dropFirst(7))) : nil
        }
        return CallContext(
            trace: parent ?? traces.new(),
            timeout: request.timeout,
            peer: request.peer.service,
            token: token,
            address: request.peer.host
        )
    }

    private static let json: HTTPFields = ["content-type": "application/json"]
    private static let lines: HTTPFields = ["content-type": "application/x-ndjson"]

    private static func isJSON(_ type: ArraySlice<UInt8>) -> Bool {
        let name = type.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return name.elementsEqual("application/json".utf8)
            || String(decoding: name, as: UTF8.self).lowercased() == "application/json"
    }
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
