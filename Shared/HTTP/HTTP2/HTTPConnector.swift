public import EventLoop
public import TLS

/// Makes client connections on one loop.
public final class HTTPConnector {
    public let loop: EventLoop
    let limits: HTTPLimits
    let buffers = ChannelBuffers()

    public init(loop: EventLoop, limits: HTTPLimits = HTTPLimits()) {
        self.loop = loop
        self.limits = limits
    }

    /// Connects and, with a context, shakes hands.
    ///
    /// To be called on the loop.
    ///
    /// `service` is the only peer that is accepted in the mesh; `serverName` the name that is asked for on the web.
    public func connect(
        to address: SocketAddress,
        tls context: TLSContext?,
        expecting service: String? = nil,
        serverName: String? = nil
    ) async throws -> HTTPClientConnection {
        loop.preconditionIsCurrent()
        let session = try context.map { try TLSSession($0, expecting: service, serverName: serverName) }
        let channel = Channel(
            try TCPSocket.connect(to: address),
            isConnecting: true,
            tls: session,
            loop: loop,
            limits: limits,
            buffers: buffers
        )
        let connection = HTTPClientConnection(channel: channel)
        try await connection.establish()
        return connection
    }
}

/// A request without the parts that the connection knows.
public struct HTTPClientRequest: Sendable {
    /// The pseudo-fields but `:scheme`, and then the fields.
    let head: HTTPFields
    let isUpgrade: Bool
    public var body: [UInt8]
    /// Whether the answer comes with its fields; their memory serves the next answer otherwise.
    public var keepsFields = true

    /// `path` with its query; `upgrade` is what an extended CONNECT asks for, such as `websocket` (RFC 8441).
    public init(
        _ method: HTTPMethod,
        _ path: String,
        authority: String,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8] = [],
        upgrade: String? = nil
    ) {
        var head = HTTPFields()
        head.append(lowercase: ":method", upgrade == nil ? method.rawValue : HTTPMethod.connect.rawValue)
        if let upgrade { head.append(lowercase: ":protocol", upgrade) }
        head.append(lowercase: ":authority", authority)
        head.append(lowercase: ":path", path)
        head.append(fields)
        self.head = head
        self.body = body
        isUpgrade = upgrade != nil
    }
}
