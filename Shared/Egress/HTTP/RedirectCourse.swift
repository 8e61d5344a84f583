/// The requests that one becomes as redirects are followed: which is the next, and when there is none.
public struct RedirectCourse {
    public private(set) var request: EgressRequest
    public private(set) var url: EgressURL
    private var left: Int

    /// Throws `EgressError` with `badRequest` or `timeout` for a request that is not to be sent.
    public init(_ request: EgressRequest) throws(EgressError) {
        try request.validate()
        self.request = request
        url = try EgressURL(request.url)
        left = request.maximumRedirects
    }

    /// Whether a response leads on, to what `request` and `url` are then; if not, it is the last one, and knows how many
    /// went before.
    ///
    /// Throws `EgressError` with `tooManyRedirects`, with `forbidden` for a way out of TLS, and with `badRequest`.
    public mutating func follows(_ response: inout EgressResponse) throws(EgressError) -> Bool {
        guard let next = response.redirect, request.maximumRedirects > 0 else {
            response.redirectCount = request.maximumRedirects - left
            return false
        }
        guard left > 0 else {
            throw EgressError(.tooManyRedirects, "the target redirects more often than is followed")
        }
        left -= 1
        let nextURL = try EgressURL(next)
        request.follow(from: url, to: nextURL, status: response.status)
        guard nextURL.isSecure || !url.isSecure else {
            throw EgressError(.forbidden, "the target redirects from https to http")
        }
        url = nextURL
        return true
    }
}

extension EgressRequest {
    /// Becomes the request that follows a redirect (RFC 9110 section 15.4).
    fileprivate mutating func follow(from old: EgressURL, to new: EgressURL, status: Int) {
        url = new.text
        if status == 303 || (method == "POST" && (status == 301 || status == 302)) {
            if method != "HEAD" { method = "GET" }
            body = nil
        }
        // What was meant for one host is not shown to another, which has addresses of its own.
        guard (old.host, old.port, old.isSecure) != (new.host, new.port, new.isSecure) else { return }
        pinned = nil
        headers.removeAll { ["authorization", "cookie", "host", "proxy-authorization"].contains($0.name.lowercased()) }
    }
}
