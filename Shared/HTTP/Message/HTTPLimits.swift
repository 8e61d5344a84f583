/// What one connection may cost.
///
/// Every bound has a name; the numbers for the public and the mesh differ.
public struct HTTPLimits: Sendable {
    /// Requests under way on one connection, those whose stream was reset included.
    public var concurrentRequests = 100
    public var fieldCount = 100
    /// Names and values of all fields, with 32 bytes for each (RFC 9113, section 6.5.2).
    public var fieldBytes = 16_384
    public var bodyBytes = 1 << 20
    /// HTTP/2 flow control: what a peer may send ahead on one stream, and on all.
    public var streamWindow = 65_536
    public var connectionWindow = 1 << 20
    /// Bytes of bodies that wait on one connection, before the peer is held back.
    public var bufferedBytes = 16 << 20
    /// Bytes of a body or tunnel that wait to be sent, before its writer is held back.
    public var writeBuffer = 65_536
    /// Bytes of ciphertext that wait for the socket, before streams are held back.
    public var socketBuffer = 262_144
    public var handshakeTimeout = Duration.seconds(10)
    /// From the first byte of a request to the end of its fields.
    public var headTimeout = Duration.seconds(10)
    /// What waits to be sent and is not taken for so long ends its stream.
    public var stallTimeout = Duration.seconds(30)
    /// A connection without requests is closed after so long.
    public var idleTimeout = Duration.seconds(300)
    /// How long a refused client may go on sending before the connection is closed under it.
    public var lingerTimeout = Duration.seconds(2)
    /// A server that stops waits so long for one more request on a connection that has none, since one may be on its way.
    public var farewellTimeout = Duration.seconds(1)
    /// What is under way when a server stops may take so long to finish.
    public var drainTimeout = Duration.seconds(10)
    /// A client whose peer says nothing for so long while requests are open pings it, and gives up as long after.
    public var keepAlive = Duration.seconds(10)
    /// Resets of either side: so many at once, and so many a second from then on.
    public var resetBurst = 100
    public var resetsPerSecond = 10
    /// PING, SETTINGS, PRIORITY and empty DATA: so many at once, and a tenth of it a second.
    public var controlFrameBurst = 1_000

    public init() {}

    /// For a connection of the mesh that carries many WebSockets: a slow one holds up its own few bytes, and no other.
    public static func tunnels(_ count: Int) -> Self {
        var limits = Self.mesh
        limits.concurrentRequests = count
        limits.streamWindow = 65_536
        limits.bufferedBytes = count * 65_536
        return limits
    }

    /// For the mesh, whose peers are authenticated and send larger bodies.
    public static let mesh: Self = {
        var limits = Self()
        limits.bodyBytes = 8 << 20
        limits.streamWindow = 1 << 20
        limits.connectionWindow = 16 << 20
        // A caller that gives up resets its stream; peers whose certificate we know may have many such callers.
        limits.resetBurst = 10_000
        limits.resetsPerSecond = 1_000
        return limits
    }()
}

/// Allows a burst, and a steady rate after it.
struct TokenBucket {
    private var tokens: Double
    private let burst: Double
    private let perSecond: Double
    private var last: UInt64

    init(burst: Int, perSecond: Int, now: UInt64) {
        tokens = Double(burst)
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        last = now
    }

    /// Takes one token; `false` when there is none.
    ///
    /// `now` in nanoseconds.
    mutating func take(now: UInt64) -> Bool {
        tokens = min(burst, tokens + Double(now &- last) * 1e-9 * perSecond)
        last = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
