/// An exchange over HTTP/1.1 (RFC 9112).
public final class HTTP1Exchange: HTTPExchange {
    private var output: [UInt8]
    private var reader: HTTP1ResponseReader

    public init(_ request: HTTPExchangeRequest) {
        output = Self.bytes(of: request)
        reader = HTTP1ResponseReader(request)
    }

    public var response: HTTPExchangeResponse { reader.response }
    public var hasBegun: Bool { reader.hasBegun }
    public var isComplete: Bool { reader.isComplete }

    public func takeOutput() throws(HTTPError) -> [UInt8] {
        defer { output = [] }
        return output
    }

    public func receive(_ bytes: Span<UInt8>) throws(HTTPError) {
        try reader.receive(bytes)
    }

    public func end() throws(HTTPError) {
        try reader.end()
    }

    static func bytes(of request: HTTPExchangeRequest) -> [UInt8] {
        var head = "\(request.method) \(request.path) HTTP/1.1\r\nHost: \(request.authority)\r\n"
        for (name, value) in request.fields { head += "\(name): \(value)\r\n" }
        if let body = request.body { head += "Content-Length: \(body.count)\r\n" }
        return Array("\(head)\r\n".utf8) + (request.body ?? [])
    }
}
