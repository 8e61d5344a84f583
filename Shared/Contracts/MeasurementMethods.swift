public import JSONRPC

/// What a store says when a batch is safe.
public struct AppendReceipt: Codable, Equatable, RPCPayload {
    /// Rows that were new.
    public var stored: Int
    /// Rows that had been stored before.
    public var duplicates: Int
    /// Rows of checks that the agent was not told to run, which are not stored; left out when there are none.
    public var refused: Int?
    /// `full`: survives a power loss.
    ///
    /// `normal`: survives the end of the process.
    public var durability: String

    public init(stored: Int, duplicates: Int, refused: Int? = nil, durability: String) {
        self.stored = stored
        self.duplicates = duplicates
        self.refused = refused
        self.durability = durability
    }
}

/// Which measurements, newest first.
public struct MeasurementFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID?
    /// Targets that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?
    public var checkID: CheckID?
    public var agentID: AgentID?
    /// Just this one; looked for around the time at which its id was made, when no other is given.
    public var id: Identifier<Measurement>?
    /// Of the row, which may be a trace that a failed check of another type had made.
    public var type: CheckType?
    /// `success`, `timeout` or `error`.
    public var status: String?
    /// Why they failed, as in `Measurement`.
    public var reason: String?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// From 1 to 10,000; 100 when left out.
    public var limit: Int?
    /// `next_cursor` of the page before.
    public var cursor: String?

    enum CodingKeys: String, CodingKey {
        case id, labels, type, status, reason, from, to, limit, cursor
        case targetID = "target_id"
        case checkID = "check_id"
        case agentID = "agent_id"
    }

    public init(
        targetID: TargetID? = nil,
        checkID: CheckID? = nil,
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        limit: Int? = nil
    ) {
        self.targetID = targetID
        self.checkID = checkID
        self.from = from
        self.to = to
        self.limit = limit
    }
}

public struct MeasurementPage: Codable, Equatable, RPCPayload {
    public var measurements: [Measurement]
    /// Left out on the last page.
    public var nextCursor: String?

    enum CodingKeys: String, CodingKey {
        case measurements
        case nextCursor = "next_cursor"
    }

    public init(measurements: [Measurement], nextCursor: String? = nil) {
        self.measurements = measurements
        self.nextCursor = nextCursor
    }
}

/// The newest measurement of every check, and every endpoint of it, as each agent sees it.
public struct LatestFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID?
    /// Targets that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?

    enum CodingKeys: String, CodingKey {
        case labels
        case targetID = "target_id"
    }

    public init(targetID: TargetID? = nil) {
        self.targetID = targetID
    }
}

public struct SummaryFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID?
    /// Targets that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?

    enum CodingKeys: String, CodingKey {
        case labels, from, to
        case targetID = "target_id"
    }

    public init(targetID: TargetID? = nil, from: Timestamp? = nil, to: Timestamp? = nil) {
        self.targetID = targetID
        self.from = from
        self.to = to
    }
}

/// What a span of time amounts to.
///
/// Latencies are in milliseconds, and left out when nothing came back.
public struct Summary: Codable, Equatable, Sendable {
    public var count: Int
    public var failures: Int
    /// Measurements a second.
    public var throughput: Double
    /// Failures among all, from 0 to 1.
    public var errorRate: Double
    /// Requests without an answer among those sent, from 0 to 1; left out when nothing was sent.
    public var loss: Double?
    public var mean: Double?
    public var minimum: Double?
    public var maximum: Double?
    /// Percentiles with a relative error of at most 1 %.
    public var p50: Double?
    public var p95: Double?
    public var p99: Double?

    enum CodingKeys: String, CodingKey {
        case count, failures, throughput, loss
        case errorRate = "error_rate"
        case mean = "mean_ms"
        case minimum = "min_ms"
        case maximum = "max_ms"
        case p50 = "p50_ms"
        case p95 = "p95_ms"
        case p99 = "p99_ms"
    }

    public init(count: Int = 0, failures: Int = 0, throughput: Double = 0, errorRate: Double = 0) {
        self.count = count
        self.failures = failures
        self.throughput = throughput
        self.errorRate = errorRate
    }
}

public struct TargetSummary: Codable, Equatable, Sendable {
    public var targetID: TargetID
    public var summary: Summary

    enum CodingKeys: String, CodingKey {
        case summary
        case targetID = "target_id"
    }

    public init(targetID: TargetID, summary: Summary) {
        self.targetID = targetID
        self.summary = summary
    }
}

public struct SummaryReport: Codable, Equatable, RPCPayload {
    public var from: Timestamp
    public var to: Timestamp
    public var overall: Summary
    public var targets: [TargetSummary]

    public init(from: Timestamp, to: Timestamp, overall: Summary, targets: [TargetSummary]) {
        self.from = from
        self.to = to
        self.overall = overall
        self.targets = targets
    }
}

/// One target's measurements over time, in steps.
public struct TimelineFilter: Codable, Equatable, RPCPayload {
    public var targetID: TargetID
    public var checkID: CheckID?
    public var agentID: AgentID?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Steps to cut the span into, at the most, from 1 to 2,000; 300 when left out.
    ///
    /// Steps of more than a minute, an hour or a day are whole ones in UTC.
    public var points: Int?
    /// Whether percentiles, jitter and opinion scores are wanted as well; they are not when left out.
    public var quality: Bool?

    enum CodingKeys: String, CodingKey {
        case from, to, points, quality
        case targetID = "target_id"
        case checkID = "check_id"
        case agentID = "agent_id"
    }

    public init(
        targetID: TargetID,
        checkID: CheckID? = nil,
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        points: Int? = nil
    ) {
        self.targetID = targetID
        self.checkID = checkID
        self.from = from
        self.to = to
        self.points = points
    }
}

/// Step by step: element `i` of each array is of the step that begins at `from` + `i` × `step_ms`.
public struct Timeline: Codable, Equatable, RPCPayload {
    public struct Series: Codable, Equatable, Sendable {
        public var checkID: CheckID
        public var agentID: AgentID
        public var type: String
        public var origin: String
        /// As in `Measurement`.
        public var endpoint: String?
        public var count: [Int]
        public var failures: [Int]
        /// Requests that were sent, and those of them that were answered.
        public var sent: [Int]
        public var received: [Int]
        /// Milliseconds; null where nothing came back.
        public var minimum: [Double?]
        public var mean: [Double?]
        public var maximum: [Double?]
        /// Measurements that should have come by the check's interval; left out for a check without one.
        public var expected: [Int]?
        /// Milliseconds, with a relative error of at most 1 %; left out when not asked for, like all that follows.
        public var p50: [Double?]?
        public var p95: [Double?]?
        public var p99: [Double?]?
        /// Milliseconds by which latencies differ from those before, on the mean.
        public var jitter: [Double?]?
        /// Mean opinion scores (ITU-T G.107).
        public var opinionScore: [Double?]?

        enum CodingKeys: String, CodingKey {
            case type, origin, endpoint, count, failures, sent, received, expected
            case p50 = "p50_ms"
            case p95 = "p95_ms"
            case p99 = "p99_ms"
            case jitter = "jitter_ms"
            case opinionScore = "mos"
            case checkID = "check_id"
            case agentID = "agent_id"
            case minimum = "min_ms"
            case mean = "mean_ms"
            case maximum = "max_ms"
        }

        public init(
            checkID: CheckID,
            agentID: AgentID,
            type: String,
            origin: String,
            endpoint: String = "",
            points: Int
        ) {
            self.checkID = checkID
            self.agentID = agentID
            self.type = type
            self.origin = origin
            self.endpoint = endpoint.isEmpty ? nil : endpoint
            count = Array(repeating: 0, count: points)
            failures = count
            sent = count
            received = count
            minimum = Array(repeating: nil, count: points)
            mean = minimum
            maximum = minimum
        }
    }

    public var from: Timestamp
    public var to: Timestamp
    public var stepMilliseconds: Int
    public var series: [Series]

    enum CodingKeys: String, CodingKey {
        case from, to, series
        case stepMilliseconds = "step_ms"
    }

    public init(from: Timestamp, to: Timestamp, stepMilliseconds: Int, series: [Series]) {
        self.from = from
        self.to = to
        self.stepMilliseconds = stepMilliseconds
        self.series = series
    }
}

extension RPCMethod where Params == MeasurementBatch, Result == AppendReceipt {
    /// Throws `busy` with `retry_after_ms` when the queue is full.
    public static var appendMeasurements: Self {
        Self(
            "measurement.append",
            "Stores measurements, each once, and answers when they are durable.",
            of: .store,
            callers: [.probeAgent],
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == MeasurementFilter, Result == MeasurementPage {
    public static var listMeasurements: Self {
        Self(
            "measurement.list",
            "Lists measurements, newest first.",
            of: .store,
            access: .viewer,
            rest: .get("/measurements"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == LatestFilter, Result == MeasurementPage {
    public static var latestMeasurements: Self {
        Self(
            "measurement.latest",
            "Returns the newest measurement of every check and agent.",
            of: .store,
            access: .viewer,
            rest: .get("/measurements/latest"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == SummaryFilter, Result == SummaryReport {
    public static var summarizeMeasurements: Self {
        Self(
            "measurement.summary",
            "Sums up a span of time, overall and by target.",
            of: .store,
            access: .viewer,
            rest: .get("/summary", alias: "/targets/{target_id}/summary"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TimelineFilter, Result == Timeline {
    public static var measurementTimeline: Self {
        Self(
            "measurement.timeline",
            "Returns a target's measurements over time, in steps.",
            of: .store,
            access: .viewer,
            rest: .get("/targets/{target_id}/timeline"),
            isIdempotent: true
        )
    }
}
