/// What a handler answers with.
public struct HTTPResponse: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece; the closure is cancelled when the peer goes away.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
        /// Bytes both ways, in answer to a request for an upgrade.
        case tunnel(@Sendable (HTTPTunnel) async throws -> Void)
    }

    public var status: Int
    /// Without `content-length`, which follows from the body.
    public var fields: HTTPFields
    public var body: Body

    public init(status: Int, fields: HTTPFields = HTTPFields(), body: Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    public init(status: Int, contentType: String, _ bytes: [UInt8]) {
        self.init(status: status, fields: ["content-type": contentType], body: .bytes(bytes))
    }

    public static func text(_ status: Int, _ text: String) -> Self {
        Self(status: status, contentType: "text/plain; charset=utf-8", Array((text + "\n").utf8))
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}

/// Answers requests.
///
/// Runs on the loop of the connection, in a task that is cancelled when the peer goes away.
public typealias HTTPHandler = @Sendable (HTTPRequest) async -> HTTPResponse

/// What a responder makes of a request.
public enum HTTPAnswer: Sendable {
    /// Nothing had to be waited for.
    case now(HTTPResponse)
    /// The rest of the work, which runs as a handler does.
    case later(@Sendable () async -> HTTPResponse)

    /// The response, once there is one.
    public func response() async -> HTTPResponse {
        switch self {
        case .now(let response): response
        case .later(let work): await work()
        }
    }
}

/// Words the answer to what never became a request: a head that cannot be read, a body that is too large.
public typealias HTTPRefusal = @Sendable (_ status: Int, _ reason: String) -> HTTPResponse

/// Answers requests, those at once that wait for nothing: a task costs more than many an answer.
///
/// Runs on the loop of the connection.
public typealias HTTPResponder = @Sendable (HTTPRequest) -> HTTPAnswer

/// A responder that answers every request in a task.
public func taskResponder(_ handler: @escaping HTTPHandler) -> HTTPResponder {
    { request in .later { await handler(request) } }
}
