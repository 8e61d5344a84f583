/// What an echo request is like.
public struct EchoPacket: Equatable, Sendable {
    /// What a reply is recognised by takes as much.
    static let minimumPayloadBytes = 8
    private static let maximumPayloadBytes = 65_507

    /// Bytes after the ICMP header, from 8 to 65,507.
    public let payloadBytes: UInt16
    /// The differentiated services code point in the upper six bits (RFC 2474).
    public let trafficClass: UInt8
    /// Never fragmented, neither here nor on the way, whatever the kernel knows of the path's MTU.
    public let isWhole: Bool

    /// `payloadBytes` below 8 count as 8, above 65,507 as that.
    public init(payloadBytes: Int = 56, dscp: Int = 0, isWhole: Bool = false) {
        self.payloadBytes = UInt16(min(max(payloadBytes, Self.minimumPayloadBytes), Self.maximumPayloadBytes))
        trafficClass = UInt8(truncatingIfNeeded: dscp << 2)
        self.isWhole = isWhole
    }
}
