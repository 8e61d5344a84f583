public import JSONRPC

/// Latencies of a target over time: how many of each step lie between which bounds.
public struct HeatmapFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID
    public var checkID: CheckID?
    public var agentID: AgentID?
    /// Of the rows; those of all types but traces and hosts when left out.
    public var type: CheckType?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Steps to cut the span into, from 1 to 500; 100 when left out.
    public var points: Int?
    /// Ranges of latency, from 2 to 100; 30 when left out.
    public var bins: Int?

    enum CodingKeys: String, CodingKey {
        case type, from, to, points, bins
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

public struct Heatmap: Codable, Equatable, RPCPayload {
    public var from: Timestamp
    public var to: Timestamp
    public var stepMilliseconds: Int
    /// The greatest latency of each bin, in milliseconds, to one percent.
    public var bounds: [Double]
    /// Of each step, how many latencies lie in each bin.
    public var counts: [[Int]]
    /// Of each step, how many measurements failed.
    public var failures: [Int]

    enum CodingKeys: String, CodingKey {
        case from, to, counts, failures
        case stepMilliseconds = "step_ms"
        case bounds = "bounds_ms"
    }

    public init(from: Timestamp, to: Timestamp, stepMilliseconds: Int) {
        self.from = from
        self.to = to
        self.stepMilliseconds = stepMilliseconds
        (bounds, counts, failures) = ([], [], [])
    }
}

/// Targets over time, side by side.
public struct MatrixFilter: Codable, Equatable, RPCPayload {
    /// All when left out; at most 1,000.
    public var targetIDs: [TargetID]?
    /// Targets that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Steps to cut the span into, from 1 to 200; 48 when left out.
    public var points: Int?

    enum CodingKeys: String, CodingKey {
        case labels, from, to, points
        case targetIDs = "target_ids"
    }

    public init(targetIDs: [TargetID]? = nil, from: Timestamp? = nil, to: Timestamp? = nil, points: Int? = nil) {
        self.targetIDs = targetIDs
        self.from = from
        self.to = to
        self.points = points
    }
}

/// Traces and hosts are left out: they say nothing of how a target is.
public struct Matrix: Codable, Equatable, RPCPayload {
    public struct Row: Codable, Equatable, Sendable {
        public var targetID: TargetID
        public var count: [Int]
        public var failures: [Int]
        /// Requests that were sent, and those of them that were answered.
        public var sent: [Int]
        public var received: [Int]
        /// Milliseconds; null where nothing came back.
        public var mean: [Double?]
        public var maximum: [Double?]

        enum CodingKeys: String, CodingKey {
            case count, failures, sent, received
            case targetID = "target_id"
            case mean = "mean_ms"
            case maximum = "max_ms"
        }

        public init(targetID: TargetID) {
            self.targetID = targetID
            (count, failures, sent, received, mean, maximum) = ([], [], [], [], [], [])
        }
    }

    public var from: Timestamp
    public var to: Timestamp
    public var stepMilliseconds: Int
    public var targets: [Row]

    enum CodingKeys: String, CodingKey {
        case from, to, targets
        case stepMilliseconds = "step_ms"
    }

    public init(from: Timestamp, to: Timestamp, stepMilliseconds: Int, targets: [Row]) {
        self.from = from
        self.to = to
        self.stepMilliseconds = stepMilliseconds
        self.targets = targets
    }
}

/// When the way to a target was another one than before.
public struct RouteFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID?
    public var agentID: AgentID?
    /// Inclusive; a day before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// From 1 to 1,000; 100 when left out.
    public var limit: Int?

    enum CodingKeys: String, CodingKey {
        case from, to, limit
        case targetID = "target_id"
        case agentID = "agent_id"
    }

    public init(targetID: TargetID? = nil, from: Timestamp? = nil, to: Timestamp? = nil) {
        self.targetID = targetID
        self.from = from
        self.to = to
    }
}

public struct RouteChange: Codable, Equatable, Sendable {
    /// Of the trace that saw it.
    public var id: Identifier<Measurement>
    public var timestamp: Timestamp
    public var targetID: TargetID
    public var checkID: CheckID
    public var agentID: AgentID
    /// The agent's name.
    public var origin: String
    public var endpoint: String?
    /// The first hop that is another one, from 1.
    public var hop: Int
    /// Flows of the trace whose way has changed.
    public var flows: Int
    /// Who answers at each hop now; null where nobody does.
    public var path: [String?]

    enum CodingKeys: String, CodingKey {
        case id, timestamp, origin, endpoint, hop, flows, path
        case targetID = "target_id"
        case checkID = "check_id"
        case agentID = "agent_id"
    }

    public init(
        id: Identifier<Measurement>,
        timestamp: Timestamp,
        of series: MeasurementSeries,
        by agentID: AgentID,
        origin: String
    ) {
        self.id = id
        self.timestamp = timestamp
        targetID = series.targetID
        checkID = series.checkID
        self.agentID = agentID
        self.origin = origin
        endpoint = series.endpoint.isEmpty ? nil : series.endpoint
        (hop, flows, path) = (0, 1, [])
    }
}

/// Newest first.
public struct RouteLog: Codable, Equatable, RPCPayload {
    public var changes: [RouteChange]

    public init(changes: [RouteChange]) { self.changes = changes }
}

extension RPCMethod where Params == HeatmapFilter, Result == Heatmap {
    public static var measurementHeatmap: Self {
        Self(
            "measurement.heatmap",
            "Returns how a target's latencies are spread over time.",
            of: .store,
            access: .viewer,
            rest: .get("/targets/{target_id}/heatmap"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MatrixFilter, Result == Matrix {
    public static var measurementMatrix: Self {
        Self(
            "measurement.matrix",
            "Returns targets over time, side by side.",
            of: .store,
            access: .viewer,
            rest: .get("/matrix"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == RouteFilter, Result == RouteLog {
    public static var listRouteChanges: Self {
        Self(
            "route.list",
            "Lists when ways to targets changed, newest first.",
            of: .store,
            access: .viewer,
            rest: .get("/routes", alias: "/targets/{target_id}/route_changes"),
            isIdempotent: true
        )
    }
}
