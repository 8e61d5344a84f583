import EventLoop
import HTTP
import TLS

/// A request and its response, in the version that both sides agree on.
final class HTTPDialogue: Dialogue {
    private let request: HTTPExchangeRequest
    private let version: EgressRequest.Version?
    /// HTTP/2 needs one.
    private let loop: EventLoop?
    private var exchange: (any HTTPExchange)?

    init(_ request: EgressRequest, to url: EgressURL, on loop: EventLoop?) {
        self.request = HTTPExchangeRequest(request, to: url)
        version = request.version
        self.loop = loop
    }

    var response: HTTPExchangeResponse { exchange?.response ?? HTTPExchangeResponse() }
    var hasBegun: Bool { exchange?.hasBegun ?? false }
    var isComplete: Bool { exchange?.isComplete ?? false }

    func begin(_ inspection: PeerInspection?) throws(EgressError) {
        let isAgreed = inspection?.applicationProtocol == ApplicationProtocol.http2.rawValue
        guard inspection == nil || isAgreed || version != .http2 else {
            throw EgressError(.protocolViolation, "the server does not speak HTTP/2")
        }
        // Without TLS a client has to know that a server speaks HTTP/2 (RFC 9113, section 3.3).
        guard isAgreed || inspection == nil && version == .http2 else {
            exchange = HTTP1Exchange(request)
            return
        }
        guard let loop else { throw EgressError(.local, "HTTP/2 is not spoken here") }
        try translate { () throws(HTTPError) in exchange = try HTTP2Exchange(request, on: loop) }
    }

    func takeOutput() throws(EgressError) -> [UInt8] {
        try translate { () throws(HTTPError) in try exchange?.takeOutput() ?? [] }
    }

    func receive(_ bytes: Span<UInt8>) throws(EgressError) {
        do {
            try exchange?.receive(bytes)
        } catch {
            throw EgressError(error)
        }
    }

    func end() throws(EgressError) {
        try translate { () throws(HTTPError) in try exchange?.end() }
    }

    /// To be called when the connection is over.
    func close() {
        (exchange as? HTTP2Exchange)?.close()
    }

    private func translate<Value>(_ body: () throws(HTTPError) -> Value) throws(EgressError) -> Value {
        do {
            return try body()
        } catch {
            throw EgressError(error)
        }
    }
}

extension HTTPExchangeRequest {
    fileprivate init(_ request: EgressRequest, to url: EgressURL) {
        var fields = [("User-Agent", "sonde"), ("Accept", "*/*")]
        fields.removeAll { name, _ in request.headers.contains { $0.name.lowercased() == name.lowercased() } }
        fields += request.headers.map { ($0.name, $0.value) }
        let host = fields.last { $0.0.lowercased() == "host" }?.1
        fields.removeAll { ["host", "content-length"].contains($0.0.lowercased()) }
        self.init(
            request.method,
            scheme: url.isSecure ? "https" : "http",
            authority: host ?? url.authority,
            path: url.path,
            fields: fields,
            // A length of nothing for methods that are expected to bring something (RFC 9110, section 8.6).
            body: request.body ?? (["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil)
        )
        maximumFieldBytes = request.maximumHeaderBytes
        maximumBodyBytes = request.maximumBodyBytes
    }
}

extension EgressError {
    /// Whatever the connection itself has to say of a failure is said by its owner.
    fileprivate init(_ error: HTTPError) {
        self.init(error.code == .library ? .local : .protocolViolation, error.message)
        isUnread = error.code == .refused
    }
}
