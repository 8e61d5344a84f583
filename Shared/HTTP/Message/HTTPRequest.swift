/// One request with its whole body; passed around by reference, because it goes through many hands.
public final class HTTPRequest: Sendable {
    public let method: HTTPMethod
    /// The path, without the query.
    public let path: String
    /// What stands behind the `?`, still percent-encoded.
    public let query: String?
    public let authority: String
    public let fields: HTTPFields
    public let body: [UInt8]
    /// What an extended CONNECT or an `upgrade` asks for, such as `websocket`.
    public let upgrade: String?
    public let peer: HTTPPeer

    public init(
        method: HTTPMethod,
        path: String,
        query: String? = nil,
        authority: String,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8] = [],
        upgrade: String? = nil,
        peer: HTTPPeer = HTTPPeer()
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authority = authority
        self.fields = fields
        self.body = body
        self.upgrade = upgrade
        self.peer = peer
    }
}

/// Who is at the other end of a connection.
public final class HTTPPeer: Sendable {
    /// Address and port.
    public let address: String
    /// The service that the certificate names; `nil` without one.
    public let service: String?
    public let isEncrypted: Bool
    /// The address without the port.
    public let host: String

    public init(address: String = "", service: String? = nil, isEncrypted: Bool = false) {
        self.address = address
        self.service = service
        self.isEncrypted = isEncrypted
        host = address.lastIndex(of: ":").map { String(address[..<$0]) } ?? address
    }
}

extension HTTPRequest {
    /// What the field `deadline` says: the milliseconds for which the caller will wait.
    public var timeout: Duration? {
        guard let digits = fields.bytes(of: "deadline"), (1...9).contains(digits.count) else { return nil }
        var milliseconds = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            milliseconds = milliseconds * 10 + Int(digit - 0x30)
        }
        return .milliseconds(milliseconds)
    }
}
