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
    let client: RPCClient
    let idempotency: IdempotentCalls?

    /// Without `idempotency` the field `idempotency-key` is refused.
    init(_ methods: [RPCDescriptor], router: RPCRouter, idempotency: IdempotentCalls? = nil) {
        routes = RESTRoutes(methods)
        self.router = router
        client = RPCClient(inProcess: router)
        self.idempotency = idempotency
    }

    /// To be called within the context of the call.
    func callAsFunction(_ request: HTTPRequest) async -> HTTPResponse {
        let path = request.path.dropFirst(RESTRoutes.prefix.count)
        let verb = request.method == .head ? "GET" : request.method.rawValue
        switch routes.match(verb, path) {
        case .none:
            return Problem.response(404, "there is nothing at \(request.path)")
        case .otherVerbs(let verbs):
            return Self.allowing(verbs, request)
        case .method(let method, let parameters):
            return await answer(request, method, parameters)
        }
    }

    /// What is answered where the path is known, and the verb is another one.
    static func allowing(_ verbs: [String], _ request: HTTPRequest) -> HTTPResponse {
        let all = Set(verbs + (verbs.contains("GET") ? ["HEAD"] : []) + ["OPTIONS"]).sorted().joined(separator: ", ")
        guard request.method != .options else { return HTTPResponse(status: 204, fields: ["allow": all]) }
        var response = Problem.response(405, "\(request.method.rawValue) is not allowed here")
        response.fields.append(lowercase: "allow", all)
        return response
    }

    private func answer(
        _ request: HTTPRequest,
        _ method: RPCDescriptor,
        _ path: [String: String]
    ) async -> HTTPResponse {
        do {
            let hasBody = method.rest?.verb == .post || method.rest?.verb == .patch
            guard request.body.isEmpty || request.holdsUTF8JSON || !hasBody else {
                return Problem.response(415, "content-type must be application/json")
            }
            guard request.body.isEmpty || hasBody else {
                throw RPCError(.invalidParams, "\(request.method.rawValue) takes no body")
            }
            var params = try RESTParameters.params(of: method, path: path, query: request.query, body: request.body)
            guard !method.isStream else { return try await download(method, params) }
            if let refusal = try await precondition(request, method, path, &params) { return refusal }
            let body = params.json()
            return try await once(request, method) { [client] in
                let result = try await client.call(method, raw: body[...])
                return response(to: method, Array(result), request)
            }
        } catch {
            return Problem.response(RPCError(telling: error))
        }
    }

    /// Compares `if-match` with the resource as it is, and tells its owner which version that was.
    ///
    /// An owner whose contract has `if_updated_at` compares once more in the transaction that writes, so that of two
    /// who change the same version at once one is refused.
    private func precondition(
        _ request: HTTPRequest,
        _ method: RPCDescriptor,
        _ path: [String: String],
        _ params: inout [String: JSONValue]
    ) async throws -> HTTPResponse? {
        guard let wanted = request.fields["if-match"], let rest = method.rest, rest.verb != .get else { return nil }
        let resource = request.path.dropFirst(RESTRoutes.prefix.count)
        guard rest.verb != .post, case .method(let reader, _) = routes.match("GET", resource) else {
            return Problem.response(412, "what is here has no entity tag")
        }
        let read = try RESTParameters.params(of: reader, path: path, query: nil, body: [])
        let current = Array(try await client.call(reader, raw: read.json()[...]))
        guard EntityTag(of: current).isListed(in: wanted, weakly: false) else {
            return Problem.response(412, "it has changed since it was read", code: .conflict)
        }
        if wanted != "*", method.params.properties.contains(where: { $0.name == versionMember }),
            let version = try JSONValue(json: current)["updated_at"]
        {
            params[versionMember] = version
        }
        return nil
    }

    /// A file whose pieces are sent as the reader takes them.
    private func download(_ method: RPCDescriptor, _ params: [String: JSONValue]) async throws -> HTTPResponse {
        guard let context = CallContext.current else { preconditionFailure("a request has its context") }
        let reply = try await router.follow(method, raw: params.json()[...], context: context)
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

    private func response(to method: RPCDescriptor, _ result: [UInt8], _ request: HTTPRequest) -> HTTPResponse {
        guard method.rest?.verb != .delete else { return HTTPResponse(status: 204) }
        var fields = HTTPFields()
        let tag = isTagged(method) ? EntityTag(of: result) : nil
        if let tag { fields.append(lowercase: "etag", tag.field()) }
        if method.rest?.verb == .get {
            fields.append(lowercase: "cache-control", "private, no-cache")
            if let known = request.fields["if-none-match"], let tag, tag.isListed(in: known, weakly: true) {
                return HTTPResponse(status: 304, fields: fields)
            }
            if let link = NextPage.link(after: result, of: method, request) { fields.append(lowercase: "link", link) }
        } else {
            fields.append(lowercase: "cache-control", "no-store")
        }
        fields.append(lowercase: "content-type", "application/json")
        guard method.creates else { return HTTPResponse(status: 200, fields: fields, body: .bytes(result)) }
        if let path = location(of: result, method) { fields.append(lowercase: "location", path) }
        return HTTPResponse(status: 201, fields: fields, body: .bytes(result))
    }

    /// What is read has a tag, and so has what a change returns that is the same as what is read then.
    private func isTagged(_ method: RPCDescriptor) -> Bool {
        guard let rest = method.rest else { return false }
        guard rest.verb != .get else { return true }
        let path = method.creates ? rest.path + "/{id}" : rest.path
        return routes.method("GET", path).map { $0.result == method.result } ?? false
    }

    private func location(of result: [UInt8], _ method: RPCDescriptor) -> String? {
        guard let rest = method.rest, routes.method("GET", rest.path + "/{id}") != nil,
            case .string(let id)? = (try? JSONValue(json: result))?["id"]
        else { return nil }
        return "\(RESTRoutes.prefix)\(rest.path)/\(id)"
    }
}

extension RPCDescriptor {
    /// Whether it makes a new resource below its path.
    var creates: Bool { rest?.verb == .post && name.hasSuffix(".create") }
}

extension HTTPRequest {
    /// Whether the body is said to be JSON, in the only encoding that JSON has (RFC 8259, section 8.1).
    var holdsUTF8JSON: Bool {
        guard holdsJSON, fields.count(of: "content-type") == 1 else { return false }
        guard let type = fields["content-type"]?.lowercased(), let semicolon = type.firstIndex(of: ";") else {
            return true
        }
        let parameter = type[type.index(after: semicolon)...].filter { $0 != " " && $0 != "\"" }
        return parameter.isEmpty || parameter == "charset=utf-8"
    }
}

extension [String: JSONValue] {
    /// The object's bytes.
    func json() -> [UInt8] { JSONValue.object(self).json() }
}
