import Contracts

/// What one probe brought.
enum Sample: Sendable {
    /// Milliseconds.
    case success(Double)
    case failure(FailureReason)
}

/// One check as one agent sees it, with samples a second apart.
struct Probe: Sendable {
    static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    var series: MeasurementSeries
    var agent = AgentID.make()

    init(_ target: String = "router", type: CheckType = .icmp, targetID: TargetID = .make()) {
        series = MeasurementSeries(checkID: .make(), targetID: targetID, target: target, type: type)
    }

    static func time(_ second: Int) -> Timestamp {
        start.advanced(by: .seconds(second))
    }

    /// A batch of samples, the first one of them taken at `second`.
    func batch(_ samples: [Sample], at second: Int = 0) -> MeasurementBatch {
        batch(samples.enumerated().map { (second + $0.offset, $0.element) })
    }

    /// The same from text: `x` is a timeout, `.` a success.
    func batch(_ samples: String, at second: Int = 0) -> MeasurementBatch {
        batch(samples.map { $0 == "x" ? .failure(.timeout) : .success(10) }, at: second)
    }

    func batch(_ samples: [(second: Int, sample: Sample)], since start: Timestamp = Self.start) -> MeasurementBatch {
        var columns = MeasurementColumns()
        for (second, sample) in samples {
            let (latency, reason): (Double?, FailureReason) =
                switch sample {
                case .success(let latency): (latency, .none)
                case .failure(let reason): (nil, reason)
                }
            columns.append(
                MeasurementRow(
                    id: .make(),
                    timestamp: start.advanced(by: .seconds(second)),
                    latency: latency,
                    status: reason == .none ? .success : reason == .timeout ? .timeout : .error,
                    reason: reason,
                    metadata: Array("{}".utf8)
                ),
                series: 0
            )
        }
        return MeasurementBatch(agentID: agent, origin: "node-1", series: [series], columns: columns)
    }
}

extension Rule {
    static func test(
        _ metric: Metric = .failure,
        _ comparison: Comparison = .atLeast,
        _ threshold: Double = 1,
        consecutive: Int = 3,
        target: TargetID? = nil,
        type: CheckType? = nil,
        enabled: Bool = true
    ) -> Rule {
        Rule(
            id: .make(),
            name: "test",
            targetID: target,
            checkType: type,
            metric: metric,
            comparison: comparison,
            threshold: threshold,
            consecutive: consecutive,
            severity: .warning,
            enabled: enabled,
            createdAt: Probe.start,
            updatedAt: Probe.start
        )
    }
}
