/// What became of one echo request.
public typealias EchoResult = Result<EchoReply, EchoFailure>

/// An echo that was answered.
public struct EchoReply: Equatable, Sendable {
    public var roundTripNanoseconds: UInt64
    public var timeSource: TimeSource
    /// When the request was handed to the kernel, in microseconds since 1970.
    public var sentAtMicroseconds: UInt64
}

/// Why an echo has no reply.
public enum EchoFailure: Error, Equatable, Sendable {
    case timeout
    /// A router, or this host, has no way to the address. The text names which: `no route`, `host unreachable` …
    case unreachable(String)
    /// A firewall on the way said so.
    case prohibited
    case hopLimitExceeded
    case packetTooBig
    /// This process may not send this: see `ICMPEngine.open`, or the address is a broadcast address.
    case permission
    /// As many echoes are in flight as the engine allows.
    case busy
    case cancelled
    /// This host failed; the value is `errno`.
    case local(errno: CInt)
}
