/// One request and its response without a connection: bytes go in and out, in the form of one version of HTTP.
///
/// For a client that asks any server of the web one thing; all that may come back is bounded.
public protocol HTTPExchange: AnyObject {
    /// Bytes that are to be sent now.
    func takeOutput() throws(HTTPError) -> [UInt8]
    /// Takes what the server sent; throws what it must not do.
    func receive(_ bytes: Span<UInt8>) throws(HTTPError)
    /// The server sends no more; throws when something is missing.
    func end() throws(HTTPError)
    /// As far as it has come.
    var response: HTTPExchangeResponse { get }
    /// The response has begun.
    var hasBegun: Bool { get }
    /// The response is whole, or as long as it may be.
    var isComplete: Bool { get }
}

/// What is asked for, in the same words for every version.
public struct HTTPExchangeRequest: Sendable {
    /// A token.
    public var method: String
    /// `http` or `https`.
    public var scheme: String
    /// Host and port as in the URL.
    public var authority: String
    /// Path and query.
    public var path: String
    /// Fields in the order in which they are sent, without those that the version has its own form of: host, length,
    /// and what concerns the connection alone.
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]?
    /// Bytes of a response's fields, those of interim responses included; more are a violation.
    public var maximumFieldBytes = 65_536
    /// Bytes of the body that are kept; a longer one is cut.
    public var maximumBodyBytes = 65_536

    static let maximumFields = 200

    public init(
        _ method: String,
        scheme: String,
        authority: String,
        path: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        // Blanks around a value are no part of it (RFC 9110, section 5.5), and HTTP/2 forbids them.
        self.fields = fields.map { ($0.name, $0.value.trimmingBlanks) }
        self.body = body
    }

    static let tooManyFields = HTTPError(.protocolViolation, "the response has more headers than are taken")
}

public struct HTTPExchangeResponse: Sendable {
    public var status = 0
    /// `1.0`, `1.1` or `2`.
    public var version = ""
    public var fields = HTTPFields()
    /// As it came: a compressed body stays compressed.
    public var body: [UInt8] = []
    /// There was more of the body than was to be kept.
    public var isBodyCut = false

    public init() {}

    /// Keeps what there is room for; `false` when that was not all.
    mutating func keep(_ bytes: Span<UInt8>, upTo maximum: Int) -> Bool {
        let count = min(bytes.count, maximum - body.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe body.append(contentsOf: $0.prefix(count)) }
        isBodyCut = count < bytes.count
        return !isBodyCut
    }
}
