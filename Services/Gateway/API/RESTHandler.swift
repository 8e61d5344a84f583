import Contracts
import HTTP
import JSON
import JSONRPC
import JSONRPCTransport
import Observability

/// The REST API: each route is a method of the contract, answered by the same router as JSON-RPC.
struct RESTHandler: Sendable {
    private let routes: RESTRoutes
    private let router: RPCRouter
    private let client: RPCClient
    private let rpc: RPCHandler

    init(_ methods: [RPCDescriptor], router: RPCRouter, rpc: RPCHandler) {
        routes = RESTRoutes(methods)
        self.router = router
        client = RPCClient(inProcess: router)
        self.rpc = rpc
    }

    func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        let path = request.path.dropFirst(RESTRoutes.prefix.count)
        let verb = request.method == .head ? "GET" : request.method.rawValue
        switch routes.match(verb, path) {
        case .none:
            return Problem.response(404, "there is nothing at \(request.path)")
        case .otherVerbs(let verbs):
            var response = Problem.response(405, "\(request.method.rawValue) is not allowed here")
            response.fields.append("allow", verbs.joined(separator: ", "))
            return response
        case .method(let method, let parameters):
            return await answer(request, method, parameters)
        }
    }

    private func answer(
        _ request: HTTPRequest,
        _ method: RPCDescriptor,
        _ path: [String: String]
    ) async -> HTTPResponse {
        do {
            guard request.body.isEmpty || request.holdsJSON else {
                return Problem.response(415, "content-type must be application/json")
            }
            let params = try RESTParameters.params(of: method, path: path, query: request.query, body: request.body)
            guard !method.isStream else { return try await download(request, method, params) }
            let result = try await CallContext.$ofTask.withValue(rpc.context(of: request)) {
                try await client.call(method, raw: params[...])
            }
            return response(to: method, Array(result))
        } catch let error as RPCError {
            return Problem.response(error)
        } catch {
            return Problem.response(RPCError(.internalError, "internal error"))
        }
    }

    /// A file whose pieces are sent as the reader takes them.
    private func download(
        _ request: HTTPRequest,
        _ method: RPCDescriptor,
        _ params: [UInt8]
    ) async throws -> HTTPResponse {
        let reply = try await router.follow(method, raw: params[...], context: rpc.context(of: request))
        let file = try Download(payload: reply.result)
        return HTTPResponse(
            status: 200,
            fields: [
                "content-type": file.contentType, "cache-control": "no-store",
                "content-disposition": "attachment; filename=\"\(file.fileName)\"",
            ],
            body: .stream { writer in
                try await reply.stream?.elements { (piece: DownloadPiece) in
                    try await writer.write(Array(piece.text.utf8))
                }
            }
        )
    }

    private func response(to method: RPCDescriptor, _ result: [UInt8]) -> HTTPResponse {
        switch method.rest?.verb {
        case .delete:
            HTTPResponse(status: 204)
        case .post where method.name.hasSuffix(".create"):
            HTTPResponse(status: 201, contentType: "application/json", result)
        default:
            HTTPResponse(
                status: 200,
                fields: ["content-type": "application/json", "cache-control": "no-store"],
                body: .bytes(result)
            )
        }
    }
}
