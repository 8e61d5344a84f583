public import JSONRPC

/// What is asked over time, of an agent, a target or both; of all the tenant has when neither is named.
public struct MetricFilter: Codable, Equatable, RPCPayload {
    public enum Metric: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
        /// Milliseconds of those that succeeded.
        case latencyMean = "latency_mean"
        case latencyMinimum = "latency_min"
        case latencyMaximum = "latency_max"
        case latencyP50 = "latency_p50"
        case latencyP95 = "latency_p95"
        case latencyP99 = "latency_p99"
        /// Milliseconds by which a latency differs from the one before, on the mean.
        case jitter
        /// From 0 to 1: requests that were not answered.
        case loss
        /// From 0 to 1: measurements that failed.
        case errorRate = "error_rate"
        /// How many measurements there were, and how many failed.
        case count
        case failures
    }

    public var agentID: AgentID?
    public var targetID: TargetID?
    /// Of the rows; those of all types but traces and hosts when left out.
    public var type: CheckType?
    /// `latency_mean` when left out.
    public var metric: Metric?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Steps to cut the span into, from 1 to 2,000; 60 when left out.
    public var points: Int?

    enum CodingKeys: String, CodingKey {
        case type, metric, from, to, points
        case agentID = "agent_id"
        case targetID = "target_id"
    }

    public init(agentID: AgentID? = nil, targetID: TargetID? = nil, metric: Metric? = nil) {
        self.agentID = agentID
        self.targetID = targetID
        self.metric = metric
    }
}

public struct MetricSeries: Codable, Equatable, RPCPayload {
    public var metric: MetricFilter.Metric
    public var from: Timestamp
    public var to: Timestamp
    public var stepMilliseconds: Int
    /// One a step; null where nothing was measured.
    public var values: [Double?]

    enum CodingKeys: String, CodingKey {
        case metric, from, to, values
        case stepMilliseconds = "step_ms"
    }

    public init(
        metric: MetricFilter.Metric,
        from: Timestamp,
        to: Timestamp,
        stepMilliseconds: Int,
        values: [Double?]
    ) {
        self.metric = metric
        self.from = from
        self.to = to
        self.stepMilliseconds = stepMilliseconds
        self.values = values
    }
}

extension RPCMethod where Params == MetricFilter, Result == MetricSeries {
    public static var measurementMetric: Self {
        Self(
            "measurement.metric",
            "Returns one metric over time, of all measurements of an agent or a target.",
            of: .store,
            access: .viewer,
            rest: .get("/metrics"),
            isIdempotent: true
        )
    }
}
