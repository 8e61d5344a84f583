import Contracts
import HTTP
import JSON
import JSONRPC
import JSONRPCTransport

/// Everything that stands at the public address.
struct PublicSite: Sendable {
    let rest: RESTHandler
    let rpc: RPCHandler
    let pages: StaticPages
    let stream: StreamProxy
    let openAPI: [UInt8]
    let keys: [UInt8]

    func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        var response = await answer(request)
        if response.fields["x-content-type-options"] == nil {
            response.fields.append("x-content-type-options", "nosniff")
        }
        return response
    }

    private func answer(_ request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/rpc": return await rpc(request)
        case "/ws/stream": return await stream(request)
        case "/healthz": return get(request) { .text(200, "ok") }
        case "/openapi.json":
            return get(request) { HTTPResponse(status: 200, contentType: "application/json", openAPI) }
        case "/.well-known/jwks.json":
            return get(request) { HTTPResponse(status: 200, contentType: "application/json", keys) }
        case let path where path.hasPrefix(RESTRoutes.prefix + "/"): return await rest(request)
        default: return pages.response(to: request) ?? Problem.response(404, "there is nothing at \(request.path)")
        }
    }

    private func get(_ request: HTTPRequest, _ body: () -> HTTPResponse) -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return HTTPResponse(status: 405, fields: ["allow": "GET, HEAD"])
        }
        return body()
    }
}
