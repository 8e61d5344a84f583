/// How a series of datagrams is sent.
public struct SeriesOptions: Equatable, Sendable {
    public static let countRange = 1...100_000

    public var count = 1
    /// Between two datagrams; not more than 64 leave in a millisecond.
    public var gap = Duration.milliseconds(25)
    /// How long answers are waited for after the last datagram.
    public var timeout = Duration.seconds(3)
    /// Of each datagram; what does not suffice is made larger.
    public var payloadBytes = 56
    /// The DSCP, from 0 to 63.
    public var dscp = 0
    public var mayNotBeFragmented = false

    public init() {}

    var clamped: SeriesOptions {
        var copy = self
        copy.count = count.clamped(to: Self.countRange)
        copy.gap = max(.zero, min(gap, .seconds(60)))
        copy.timeout = max(.milliseconds(1), min(timeout, .seconds(60)))
        copy.payloadBytes = payloadBytes.clamped(to: 0...65_000)
        copy.dscp = dscp.clamped(to: 0...63)
        return copy
    }
}

/// What came of a series of datagrams.
public struct SeriesResult: Equatable, Sendable {
    /// What a router or the target said of a datagram.
    public struct Notice: Equatable, Sendable {
        public var type: UInt8
        public var code: UInt8
        /// Whether it says that nobody listens at the port.
        public var isPortUnreachable: Bool
    }

    public var sent = 0
    /// Datagrams that were answered; copies do not count.
    public var received = 0
    public var duplicates = 0
    /// Answers that came behind one to a later datagram (RFC 4737).
    public var reordered = 0
    /// What came from the target and answers nothing of this series.
    public var strangers = 0
    /// Milliseconds, in the order of sending; `nil` for a datagram that was not answered.
    public var roundTrips: [Double?] = []
    public var times: RoundTripTimes?
    /// The least exact one of the times.
    public var timeSource: TimeSource?
    /// The last one.
    public var notice: Notice?

    public var lost: Int { sent - received }
    public var lossPercent: Double { sent == 0 ? 0 : Double(lost) * 100 / Double(sent) }
}
