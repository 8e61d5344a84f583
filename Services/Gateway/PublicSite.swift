import Contracts
import HTTP
import JSON
import JSONRPC
import JSONRPCTransport
import Observability

/// Everything that stands at the public address.
struct PublicSite: Sendable {
    let rest: RESTHandler
    let rpc: RPCHandler
    let pages: StaticPages
    let packages: AgentPackages
    let stream: HTTPHandler
    /// JSON documents by their path.
    let documents: [String: [UInt8]]
    /// The public keys as they are now, in JSON.
    let keys: @Sendable () -> [UInt8]
    let apiTokens: APITokenExchange
    let door: Door
    let proxies: TrustedProxies
    let limits: FairLimits
    let refusals: SlowRefusals
    /// The longest that a call may take, whatever its caller would wait.
    let timeout: Duration

    func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        let visit = Visit()
        var request = proxies.relayed(request)
        var refusal: HTTPResponse?
        do {
            request = try await withAccessToken(request, visit)
        } catch let error as RPCError {
            refusal = Problem.response(error)
        } catch {
            refusal = Problem.response(503, "tokens cannot be checked now")
        }
        let context = rpc.context(of: request, within: timeout)
        let response = await CallContext.$ofTask.withValue(context) {
            await Visit.$current.withValue(visit) {
                let response = await RequestOrigin.telling(request) { [request, refusal] in
                    if let refusal { return refusal }
                    return await answer(request, context, visit)
                }
                let worded = Problem.wording(response)
                return ContentCoding.compressing(worded, to: request, carriesSecret: visit.carriesSecret)
            }
        }
        if visit.isRefused {
            // Its places are not for those who wait.
            visit.leave()
            await refusals.wait()
        }
        return finish(response, request, visit)
    }

    /// The request with an access token in the place of a program's.
    private func withAccessToken(_ request: HTTPRequest, _ visit: Visit) async throws -> HTTPRequest {
        guard let text = APITokenExchange.token(in: request) else { return request }
        let token = try await apiTokens.accessToken(for: text, visit, from: request.peer.host, limits)
        return token.map { request.bearing($0) } ?? request
    }

    private func answer(_ request: HTTPRequest, _ context: CallContext, _ visit: Visit) async -> HTTPResponse {
        if let refusal = door.refusal(of: request) { return refusal }
        if let preflight = door.origins.preflight(request) { return preflight }
        let path = request.path
        let isPackage = AgentPackages.covers(path)
        guard isPackage || path == "/rpc" || path == "/ws/stream" || path.hasPrefix(RESTRoutes.prefix + "/") else {
            return page(request)
        }
        do throws(RPCError) {
            try limits.enter(visit)
        } catch {
            return Problem.response(error)
        }
        switch path {
        case "/rpc":
            guard request.method == .post else { return RESTHandler.allowing(["POST"], request) }
            guard request.holdsUTF8JSON else { return Problem.response(415, "content-type must be application/json") }
            return await rpc.answer(request, in: context).response()
        case "/ws/stream": return await stream(request)
        case _ where isPackage: return packages.response(to: request)
        default: return await rest(request)
        }
    }

    private func page(_ request: HTTPRequest) -> HTTPResponse {
        if request.path == "/healthz" { return get(request) { .text(200, "ok") } }
        if request.path == "/.well-known/jwks.json" {
            return get(request) {
                // No longer than a key is published before it signs.
                let fields: HTTPFields = ["content-type": "application/json", "cache-control": "max-age=300"]
                return HTTPResponse(status: 200, fields: fields, body: .bytes(keys()))
            }
        }
        if let document = documents[request.path] {
            return get(request) {
                HTTPResponse(
                    status: 200,
                    fields: ["content-type": "application/json", "cache-control": "no-cache"],
                    body: .bytes(document)
                )
            }
        }
        return pages.response(to: request) ?? Problem.response(404, "there is nothing at \(request.path)")
    }

    private func get(_ request: HTTPRequest, _ body: () -> HTTPResponse) -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return RESTHandler.allowing(["GET"], request)
        }
        return body()
    }

    /// Adds what every answer says, and keeps the visit's places until a stream has ended.
    private func finish(_ response: HTTPResponse, _ request: HTTPRequest, _ visit: Visit) -> HTTPResponse {
        var response = response
        SecurityFields.add(to: &response.fields, isEncrypted: request.peer.isEncrypted)
        door.origins.add(to: &response.fields, for: request)
        if let allowance = visit.allowance {
            response.fields.append("ratelimit-limit", decimal: allowance.limit)
            response.fields.append("ratelimit-remaining", decimal: allowance.remaining)
            response.fields.append("ratelimit-reset", decimal: allowance.resetSeconds)
        }
        switch response.body {
        // A tunnel has a limit of its own, and would keep its place for days.
        case .bytes, .tunnel: visit.leave()
        case .stream(let produce):
            response.body = .stream { writer in
                defer { visit.leave() }
                try await produce(writer)
            }
        }
        return response
    }
}
