/// The smoothed variation of a packet's transit time (RFC 3550, section 6.4.1).
public struct InterarrivalJitter: Sendable {
    /// In the unit of the transit times; zero before the second packet.
    public private(set) var jitter = 0.0
    private var previous: Double?

    public init() {}

    /// Adds a packet by its transit time: arrival minus sending, whose clocks need not agree.
    public mutating func add(transit: Double) {
        if let previous { jitter += ((transit - previous).magnitude - jitter) / 16 }
        previous = transit
    }
}
