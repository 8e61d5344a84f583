/// One request with its whole body; passed around by reference, because it goes through many hands.
public final class HTTPRequest: Sendable {
    @usableFromInline let head: HTTPRequestHead
    public let body: [UInt8]
    public let peer: HTTPPeer
    /// When its connection was found to have something to be read.
    public let receivedAt: ContinuousClock.Instant

    init(_ head: HTTPRequestHead, body: [UInt8], peer: HTTPPeer, receivedAt: ContinuousClock.Instant) {
        self.head = head
        self.body = body
        self.peer = peer
        self.receivedAt = receivedAt
    }

    public convenience init(
        method: HTTPMethod,
        path: String,
        query: String? = nil,
        authority: String,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8] = [],
        upgrade: String? = nil,
        peer: HTTPPeer = HTTPPeer(),
        receivedAt: ContinuousClock.Instant = .now
    ) {
        let head = HTTPRequestHead(
            method: method,
            path: path,
            query: query,
            authority: authority,
            upgrade: upgrade,
            fields: fields
        )
        self.init(head, body: body, peer: peer, receivedAt: receivedAt)
    }

    /// The same request as of the peer that a proxy in front of us says it comes from.
    public func relayed(from peer: HTTPPeer) -> HTTPRequest {
        HTTPRequest(head, body: body, peer: peer, receivedAt: receivedAt)
    }

    @inlinable public var method: HTTPMethod { head.method }
    /// The path, without the query.
    @inlinable public var path: String { head.path }
    /// What stands behind the `?`, still percent-encoded.
    @inlinable public var query: String? { head.query }
    public var authority: String { head.authority.isEmpty ? fields["host"] ?? "" : head.authority }
    @inlinable public var fields: HTTPFields { head.fields }
    /// What an extended CONNECT or an `upgrade` asks for, such as `websocket`.
    @inlinable public var upgrade: String? { head.upgrade }
}

/// What comes before the body of a request.
@usableFromInline
struct HTTPRequestHead: Sendable {
    @usableFromInline var method = HTTPMethod.get
    @usableFromInline var path = ""
    @usableFromInline var query: String?
    var authority = ""
    @usableFromInline var upgrade: String?
    @usableFromInline var fields = HTTPFields()

    /// Is as new, but for the memory of its fields.
    mutating func clear() {
        method = .get
        path = ""
        query = nil
        authority = ""
        upgrade = nil
        fields.removeAll()
    }
}

/// Who is at the other end of a connection.
public final class HTTPPeer: Sendable {
    /// Address and port.
    public let address: String
    /// The service that the certificate names; `nil` without one.
    public let service: String?
    /// The whole identity in the mesh that it names.
    public let identity: String?
    public let isEncrypted: Bool
    /// The address without the port.
    public let host: String

    public init(
        address: String = "",
        service: String? = nil,
        identity: String? = nil,
        isEncrypted: Bool = false
    ) {
        self.address = address
        self.service = service
        self.identity = identity
        self.isEncrypted = isEncrypted
        host = address.lastIndex(of: ":").map { String(address[..<$0]) } ?? address
    }
}

extension HTTPRequest {
    /// Whether its body is said to be JSON.
    public var holdsJSON: Bool {
        if fields.has("content-type", "application/json") { return true }
        let type = fields["content-type"]?.prefix { $0 != ";" && $0 != " " }
        return type?.lowercased() == "application/json"
    }

    /// What the field `deadline` says: the milliseconds for which the caller will wait.
    public var timeout: Duration? {
        fields.read("deadline") { digits in
            guard (1...9).contains(digits.count) else { return nil }
            var milliseconds = 0
            for index in digits.indices {
                guard (0x30...0x39).contains(digits[index]) else { return nil }
                milliseconds = milliseconds * 10 + Int(digits[index] - 0x30)
            }
            return .milliseconds(milliseconds)
        }
    }
}
