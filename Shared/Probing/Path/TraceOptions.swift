public import Contracts

extension TraceMode {
    /// The port that is asked for unless another is named; ICMP has none.
    public var defaultPort: UInt16 {
        switch self {
        case .icmp: 0
        case .udp: 33_434
        case .tcp: 443
        }
    }
}

/// How a path is traced.
public struct TraceOptions: Equatable, Sendable {
    public static let flowRange = 1...32
    public static let hopRange = 1...64
    public static let packetRange = 1...100

    public var mode: TraceMode
    /// `nil`: the mode's own.
    public var port: UInt16?
    /// Ways that are looked for: each flow keeps what routers choose among equal ways by.
    public var flows = 1
    public var maximumHops = 30
    /// To each hop of each flow.
    public var packetsPerHop = 1
    /// Between two packets.
    public var gap = Duration.milliseconds(25)
    /// How long the answer to one packet is waited for.
    public var hopTimeout = Duration.seconds(1)
    /// How long it is waited for at least where the target has answered already, or one packet is sent at a time; else
    /// four times the longest round trip so far.
    public var patience = Duration.milliseconds(100)
    /// What is not known by then is left open.
    public var limit = Duration.seconds(60)
    /// Hops that are asked at once beyond the last one that has answered; more follow slowly.
    public var window = 8
    /// Hops to the target as an earlier trace found them: all those are asked at once.
    public var expectedHops = 0
    /// Of the UDP datagram or behind the ICMP header; at least `TracePacket.minimumBytes`.
    public var payloadBytes = 32
    /// The DSCP, from 0 to 63.
    public var dscp = 0
    /// The same seed makes the same flows to a target, so that they take the same ways whenever they are traced.
    public var seed: UInt64 = 0

    public init(_ mode: TraceMode = .icmp) {
        self.mode = mode
    }

    /// The same, with every number where it may be.
    var clamped: TraceOptions {
        var copy = self
        copy.flows = flows.clamped(to: Self.flowRange)
        copy.maximumHops = maximumHops.clamped(to: Self.hopRange)
        copy.packetsPerHop = packetsPerHop.clamped(to: Self.packetRange)
        copy.gap = max(.zero, min(gap, .seconds(10)))
        copy.hopTimeout = max(.milliseconds(1), min(hopTimeout, .seconds(60)))
        copy.patience = max(.zero, min(patience, copy.hopTimeout))
        copy.limit = max(.milliseconds(1), min(limit, .seconds(600)))
        copy.window = window.clamped(to: Self.hopRange)
        copy.expectedHops = expectedHops.clamped(to: 0...Self.hopRange.upperBound)
        copy.payloadBytes = payloadBytes.clamped(to: TracePacket.minimumBytes...1_200)
        copy.dscp = dscp.clamped(to: 0...63)
        return copy
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
