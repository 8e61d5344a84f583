public import JSONRPC

/// Of which traces; those that a failed check had made are among them.
public struct HopFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID
    public var checkID: CheckID?
    public var agentID: AgentID?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Steps to cut the span into, from 1 to 500; 60 when left out.
    public var points: Int?

    enum CodingKeys: String, CodingKey {
        case from, to, points
        case targetID = "target_id"
        case checkID = "check_id"
        case agentID = "agent_id"
    }

    public init(targetID: TargetID, from: Timestamp? = nil, to: Timestamp? = nil, points: Int? = nil) {
        self.targetID = targetID
        self.from = from
        self.to = to
        self.points = points
    }
}

/// The ways to a target, hop by hop and step by step.
public struct HopSeries: Codable, Equatable, RPCPayload {
    /// Packets to one hop of a way; what is an array has an element a step.
    public struct Hop: Codable, Equatable, Sendable {
        /// From 1 on.
        public var number: Int
        /// Who answered, most often first; at most eight.
        public var addresses: [String]
        public var sent: [Int]
        public var received: [Int]
        /// Milliseconds; null where nothing came back.
        public var minimum: [Double?]
        public var mean: [Double?]
        public var maximum: [Double?]
        /// Of the newest trace that has an answer of it.
        public var last: Double?

        enum CodingKeys: String, CodingKey {
            case addresses, sent, received
            case number = "hop"
            case minimum = "min_ms"
            case mean = "mean_ms"
            case maximum = "max_ms"
            case last = "last_ms"
        }

        public init(number: Int, addresses: [String]) {
            self.number = number
            self.addresses = addresses
            (sent, received, minimum, mean, maximum) = ([], [], [], [], [])
        }
    }

    /// As one agent sees it.
    public struct Path: Codable, Equatable, Sendable {
        public var checkID: CheckID
        public var agentID: AgentID
        /// The agent's name.
        public var origin: String
        /// As in `Measurement`; left out when there is none.
        public var endpoint: String?
        public var traces: Int
        /// The longest way that was seen.
        public var hops: [Hop]

        enum CodingKeys: String, CodingKey {
            case origin, endpoint, traces, hops
            case checkID = "check_id"
            case agentID = "agent_id"
        }

        public init(of series: MeasurementSeries, by agentID: AgentID, origin: String, traces: Int, hops: [Hop]) {
            checkID = series.checkID
            self.agentID = agentID
            self.origin = origin
            endpoint = series.endpoint.isEmpty ? nil : series.endpoint
            self.traces = traces
            self.hops = hops
        }
    }

    public var from: Timestamp
    public var to: Timestamp
    public var stepMilliseconds: Int
    public var paths: [Path]

    enum CodingKeys: String, CodingKey {
        case from, to, paths
        case stepMilliseconds = "step_ms"
    }

    public init(from: Timestamp, to: Timestamp, stepMilliseconds: Int, paths: [Path]) {
        self.from = from
        self.to = to
        self.stepMilliseconds = stepMilliseconds
        self.paths = paths
    }
}

extension RPCMethod where Params == HopFilter, Result == HopSeries {
    public static var measurementHops: Self {
        Self(
            "measurement.hops",
            "Returns who answers on the ways to a target, how often and how fast, hop by hop over time.",
            of: .store,
            access: .viewer,
            rest: .get("/targets/{target_id}/hops"),
            isIdempotent: true
        )
    }
}
