public import EventLoop

/// One packet of a trace.
public struct TracePacketID: Equatable, Sendable {
    /// Tells it from others under way.
    public var number: UInt16
    /// From 0.
    public var flow: Int
    /// Routers that it comes to, the last of which has to say so: from 1.
    public var hop: Int
}

/// What came back for one packet of a trace.
public struct TraceAnswer: Equatable, Sendable {
    public enum Meaning: Equatable, Sendable {
        /// A router on the way.
        case transit
        /// The target, whatever it says.
        case target
        /// A router, which says that there is no way on.
        case refusal
    }

    public var meaning: Meaning
    public var sender: IPAddress
    /// Of the ICMP message; 0 when it was none.
    public var type: UInt8 = 0
    public var code: UInt8 = 0
    public var roundTripNanoseconds: UInt64
    public var timeSource: TimeSource

    /// What an ICMP error about a packet to `target` means (RFC 792, RFC 4443); `nil` for one that says nothing of the
    /// way.
    static func meaning(ofType type: UInt8, code: UInt8, from sender: IPAddress, to target: IPAddress) -> Meaning? {
        let (expired, unreachable, port): (UInt8, UInt8, UInt8) = target.isV4 ? (11, 3, 3) : (3, 1, 4)
        switch (type, code) {
        case (expired, 0): return .transit
        case (unreachable, port): return .target
        case (unreachable, _): return sender == target ? .target : .refusal
        default: return nil
        }
    }
}
