import EventLoop

/// What tells the flows of a trace apart, the same whenever the same target is traced with the same seed.
struct TraceFlow: Equatable, Sendable {
    /// Behind the ports that Linux gives out by itself (32,768 to 60,999), so that nobody else has them for long.
    private static let ports: ClosedRange<UInt16> = 61_000...65_499

    /// Identifiers of ICMP where the flow's own is taken: those that its checksum makes up for.
    private static let identifiers: ClosedRange<UInt16> = 1_024...60_999

    /// The source port of UDP and TCP, the identifier of ICMP.
    var port: UInt16
    /// What the checksum covers of an ICMP echo or a UDP datagram that varies.
    var sum: UInt16

    /// `attempt` leads to another port where one is taken, or to another identifier.
    init(_ index: Int, to target: IPAddress, seed: UInt64, attempt: Int = 0, isEcho: Bool = false) {
        let (high, low, _) = target.words
        let base = Self.mix(Self.mix(seed ^ high) ^ low)
        let place = base &+ UInt64(index) &+ UInt64(attempt) &* UInt64(TraceOptions.flowRange.upperBound)
        let range = isEcho && attempt > 0 ? Self.identifiers : Self.ports
        port = range.lowerBound + UInt16((attempt > 0 ? Self.mix(place) : place) % UInt64(range.count))
        sum = UInt16(truncatingIfNeeded: Self.mix(base &+ UInt64(index)) % 0xffff)
    }

    /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
