import HTTP
import JSONRPC
import Observability

/// Carries WebSockets through to push, byte by byte: push reads the frames, and checks the token.
///
/// A token in the request is checked here too, and passed on as it was shown: an API token outlives the access tokens that
/// it is exchanged for, and so does the WebSocket.
struct StreamProxy: Sendable {
    private let door: StreamDoor
    private let connect: @Sendable (HTTPFields) async throws -> HTTPTunnel

    /// `connect` opens a WebSocket at push, with fields that say who comes.
    init(_ door: StreamDoor, connect: @escaping @Sendable (HTTPFields) async throws -> HTTPTunnel) {
        self.door = door
        self.connect = connect
    }

    func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        if let refusal = WebSocketHandshake.refusal(of: request) { return refusal }
        guard Self.isSameOrigin(request) else { return Problem.response(403, "this origin may not connect") }
        var fields: HTTPFields = ["x-forwarded-for": request.peer.host]
        do {
            if let token = try await door.tokenOfRequest() {
                fields.append("authorization", "Bearer \(token.exposed)")
            }
            let upstream = try await connect(fields)
            return HTTPResponse(status: 200, body: .tunnel { try await Self.join($0, upstream) })
        } catch let error as RPCError where error.code != .unavailable {
            return Problem.response(error)
        } catch {
            return Problem.response(503, "the live stream is not available")
        }
    }

    /// A browser says where the page comes from; other programs say nothing, and are asked for a token like everyone.
    static func isSameOrigin(_ request: HTTPRequest) -> Bool {
        guard let origin = request.fields["origin"] else { return true }
        return request.fields.count(of: "origin") == 1
            && (origin == "http://\(request.authority)" || origin == "https://\(request.authority)")
    }

    private static func join(_ left: HTTPTunnel, _ right: HTTPTunnel) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await copy(from: left, to: right) }
            group.addTask { try await copy(from: right, to: left) }
            // Either end closing ends both: a WebSocket is never half open.
            _ = try await group.next()
            group.cancelAll()
        }
    }

    private static func copy(from source: HTTPTunnel, to target: HTTPTunnel) async throws {
        while let bytes = try await source.read() { try await target.write(bytes) }
        target.finish()
    }
}
