import HTTP

/// What a request must be before anything else looks at it: meant for this host, and not sent by a page of another.
struct Door: Sendable {
    /// Names, with or without a port, under which people reach the gateway; any, when there are none.
    let hosts: Set<String>
    let origins: CrossOrigin
    private let open: Set = ["/healthz"]

    /// `nil` for what may come in.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard isMeant(request) else { return Problem.response(421, "this is not \(request.authority)") }
        switch request.method {
        case .get, .head, .options, .connect: return nil
        default: break
        }
        // Calls carry their token in a field that no other page can set, so this is a second lock.
        guard origins.mayChange(request) else {
            return Problem.response(403, "a page of another origin may not change anything here")
        }
        return nil
    }

    private func isMeant(_ request: HTTPRequest) -> Bool {
        // Probes of an orchestrator ask by address.
        guard !hosts.isEmpty, !open.contains(request.path) else { return true }
        let authority = request.authority.lowercased()
        guard !hosts.contains(authority) else { return true }
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return false }
        return hosts.contains(String(authority[..<colon]))
    }
}

/// The pages of other origins that may use the API (Fetch standard, "HTTP CORS protocol"); never with credentials that
/// a browser adds by itself.
struct CrossOrigin: Sendable {
    private static let methods = "GET, HEAD, POST, PATCH, DELETE"
    private static let requestFields =
        "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, deadline"
    private static let responseFields =
        "etag, link, location, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, idempotency-replayed"
    private static let preflightSeconds = "600"

    /// As browsers send them, such as `https://tools.example`.
    let origins: Set<String>

    /// The answer to the question of a browser, whether a page may ask; `nil` for anything else.
    func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .options, let origin = allowedOrigin(of: request),
            request.fields["access-control-request-method"] != nil
        else { return nil }
        return HTTPResponse(
            status: 204,
            fields: [
                "access-control-allow-origin": origin, "access-control-allow-methods": Self.methods,
                "access-control-allow-headers": Self.requestFields, "access-control-max-age": Self.preflightSeconds,
                "vary": "origin",
            ]
        )
    }

    func add(to fields: inout HTTPFields, for request: HTTPRequest) {
        guard !origins.isEmpty else { return }
        fields.append(lowercase: "vary", "origin")
        guard let origin = allowedOrigin(of: request) else { return }
        fields.append(lowercase: "access-control-allow-origin", origin)
        fields.append(lowercase: "access-control-expose-headers", Self.responseFields)
    }

    /// Whether a request that changes something comes from no page, from a page of ours, or from one that may.
    func mayChange(_ request: HTTPRequest) -> Bool {
        if allowedOrigin(of: request) != nil { return true }
        guard StreamProxy.isSameOrigin(request) else { return false }
        switch request.fields["sec-fetch-site"] {
        case nil, "same-origin"?, "none"?: return true
        default: return false
        }
    }

    private func allowedOrigin(of request: HTTPRequest) -> String? {
        guard !origins.isEmpty, let origin = request.fields["origin"], request.fields.count(of: "origin") == 1,
            origins.contains(origin)
        else { return nil }
        return origin
    }
}
