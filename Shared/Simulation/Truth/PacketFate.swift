public import EventLoop

/// What became of one packet: the truth that a measurement can be held against.
public struct PacketFate: Equatable, Sendable {
    public enum Outcome: String, Sendable {
        case delivered
        /// Lost on a link by chance or by a fault.
        case lost
        /// Dropped in front of a link whose queue was full.
        case queueFull
        /// Its last hop was behind it.
        case expired
        /// The next link takes smaller packets.
        case tooBig
        /// Nothing leads to its destination.
        case noRoute
        /// A node on its way, or its destination, was down.
        case nodeDown
        /// Dropped at its destination, as by a firewall.
        case filtered
        /// Thrown away at its destination, because a checksum was wrong.
        case corrupt
        /// Still on its way when the network ended.
        case underway
    }

    /// Counted from 1, in the order in which packets entered the network.
    public var number: Int
    /// The packet that this one answers.
    public var cause: Int?
    /// A second packet that a link made of one.
    public var isCopy: Bool
    public var source: IPAddress
    public var destination: IPAddress
    /// Of what is above IP: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6.
    public var protocolNumber: UInt8
    public var byteCount: Int
    /// Nanoseconds since the network began.
    public var sentAt: UInt64
    public var endedAt: UInt64
    public var outcome: Outcome
    /// The nodes that it came to, the one that sent it first and the one where it ended last.
    public var path: [String]
}
