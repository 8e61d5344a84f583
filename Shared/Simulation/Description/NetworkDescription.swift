public import EventLoop

/// A network that can be built from a small text: who is in it, what joins them, and what goes wrong when.
///
/// Equal descriptions make equal networks: everything that chance decides follows from `seed`.
public struct NetworkDescription: Equatable, Sendable {
    /// What a node does with packets that are not for it.
    public enum Role: Equatable, Sendable {
        /// Sends and answers, and forwards nothing.
        case host
        case router
        /// A host whose packets come from outside the simulation: where the observer stands.
        case vantage
    }

    /// What answers at a port.
    public enum Service: Equatable, Sendable {
        /// Sends every datagram back.
        case udpEcho(port: UInt16)
        /// Reflects STAMP sessions (RFC 8762).
        case stamp(port: UInt16)
        /// Tells the addresses of all nodes by their names.
        case dns(port: UInt16)
        /// Speaks HTTP/1.1, over TLS or not, and answers every request with the status, or leads elsewhere.
        case http(port: UInt16, status: Int, isSecure: Bool = false, location: String? = nil)
        /// Accepts connections and says nothing.
        case tcp(port: UInt16)
        /// Drops what comes, as a firewall does.
        case filtered(protocolNumber: UInt8, port: UInt16)
    }

    public struct Node: Equatable, Sendable {
        public var name: String
        public var role: Role
        public var addresses: [IPAddress]
        public var services: [Service] = []
        /// Whether it answers pings and says why it drops a packet.
        public var answers = true
        /// How often it says why it drops a packet: so many times a second, and as many at once; `nil`: always.
        public var noticesPerSecond: Int?
        /// How long its certificate is valid, from when the network was made.
        public var certificateLifetime = Duration.seconds(90 * 86_400)
        /// Whether its certificate is of those that the network's authority vouches for.
        public var isTrusted = true
        /// Bytes behind the IP header that it quotes of a packet it has dropped; `nil`: as many as the standards allow.
        public var quotedBytes: Int?
    }

    public struct Link: Equatable, Sendable {
        /// Names of the nodes that it joins.
        public var ends: [String]
        /// From the first of its ends to the second, and back unless that is said to be otherwise.
        public var behaviour = LinkBehaviour()
        /// What a route over it costs; its mean latency in microseconds unless said otherwise.
        public var cost: Int?
        /// From the second of its ends to the first.
        public var back: Way?

        /// One direction of a link.
        public struct Way: Equatable, Sendable {
            public var behaviour: LinkBehaviour
            public var cost: Int?
        }

        /// Its direction away from one of its ends.
        func way(from end: String) -> Way {
            let forth = Way(behaviour: behaviour, cost: cost)
            return end == ends[0] ? forth : back ?? forth
        }
    }

    /// Something that goes wrong for a while.
    public struct Fault: Equatable, Sendable {
        public enum Effect: Equatable, Sendable {
            /// The link carries nothing, and routes lead around it.
            case linkDown(ends: [String])
            /// The node neither forwards nor answers, and routes lead around it.
            case nodeDown(name: String)
            /// What a link does besides to every packet.
            case link(ends: [String], LinkImpairment)
        }

        public var effect: Effect
        /// Time since the network began.
        public var start: Duration
        public var end: Duration
    }

    public var seed: UInt64 = 1
    public var nodes: [Node] = []
    public var links: [Link] = []
    public var faults: [Fault] = []

    public init() {}
}

/// How long a packet is under way on a link, besides waiting for its turn.
public enum LatencyDistribution: Equatable, Sendable {
    case constant(Duration)
    case uniform(Duration, Duration)
    /// Never less than half the mean.
    case normal(mean: Duration, deviation: Duration)
    /// At least `base`, and on the mean `tail` more.
    case exponential(base: Duration, tail: Duration)

    var mean: Duration {
        switch self {
        case .constant(let value): value
        case .uniform(let low, let high): (low + high) / 2
        case .normal(let mean, _): mean
        case .exponential(let base, let tail): base + tail
        }
    }
}

/// What a link does to packets in one of its directions.
public struct LinkBehaviour: Equatable, Sendable {
    public var latency = LatencyDistribution.constant(.microseconds(100))
    /// Chances, from 0 to 1.
    public var loss = 0.0
    public var duplication = 0.0
    public var reordering = 0.0
    /// How much later a packet comes that others are to overtake.
    public var reorderingDelay = Duration.milliseconds(5)
    /// Bytes of the largest packet.
    public var mtu = 1500
    /// Bits a second; `nil`: no limit.
    public var rate: Int?
    /// How long packets may wait for their turn before more are dropped.
    public var queue = Duration.milliseconds(50)

    public init() {}
}

/// What a fault adds to a link.
public struct LinkImpairment: Equatable, Sendable {
    public var loss = 0.0
    public var latency = Duration.zero
    /// Hits packets of this IP version alone.
    public var version: Int?
    /// Hits what goes from the first of the fault's two ends to the second alone.
    public var isOneWay = false

    public init() {}
}
