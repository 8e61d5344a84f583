import Contracts
import Egress
import Probing
import Simulation

/// Probes of some targets of a simulated network, in its own time.
struct SimulatedSeries {
    var description: NetworkDescription
    /// `nil`: the first one.
    var vantage: String?
    var type: CheckType
    var targets: [String]
    var options: CheckOptions
    /// Milliseconds.
    var interval: Int
    var timeout: Int
    var duration: Duration
    var truthPath: String?

    /// Equal from one run to the next, as everything is that rows depend on: the first moment of 2026.
    private static let start = Timestamp(microseconds: 1_767_225_600_000_000)

    func run(isJSON: Bool) throws {
        guard interval >= 200 else { throw CommandLineError(.usage, "--every must be at least 200ms") }
        let truth = try TruthFile(truthPath)
        var tallies = targets.map { Tally(target: $0) }
        do throws(EgressError) {
            let probing = try SimulatedProbing(
                description,
                at: vantage,
                agent: AgentID(rawValue: identifier(0)),
                start: Self.start
            )
            probing.network.record = { truth.add($0) }
            var indices: [CheckID: Int] = [:]
            for (index, target) in targets.enumerated() {
                let check = check(index + 1)
                indices[check.id] = index
                try probing.add(check, of: target)
            }
            probing.run(for: duration) { check, outcome in
                guard let index = indices[check] else { return }
                tallies[index].add(outcome)
                if isJSON { Output.line(outcome.json(type, of: targets[index])) }
            }
            probing.network.finish()
        } catch {
            throw CommandLineError(.usage, error.message)
        }
        try truth.close()
        guard !isJSON else { return }
        let headings = ["TARGET", "TYPE", "PROBES", "FAILED", "REASONS", "LEAST", "MEDIAN", "P99"]
        Output.table(headings, tallies.map { $0.row(type) })
    }

    private func check(_ number: Int) -> Check {
        Check(
            id: CheckID(rawValue: identifier(number)),
            targetID: TargetID(rawValue: identifier(number)),
            type: type,
            intervalMilliseconds: interval,
            timeoutMilliseconds: timeout,
            options: options,
            enabled: true,
            createdAt: Self.start,
            updatedAt: Self.start
        )
    }

    /// A UUIDv7 of the start, with a count in it.
    private func identifier(_ number: Int) -> String {
        UUIDv7(high: 0x019b_76da_a800_7000 | UInt64(number & 0xfff), low: 0x8000_0000_0000_0000).description
    }
}

/// What has come of the probes of one target.
private struct Tally {
    let target: String
    private var count = 0
    private var latencies: [Double] = []
    private var failures: [FailureReason: Int] = [:]

    init(target: String) {
        self.target = target
    }

    mutating func add(_ outcome: ProbeOutcome) {
        count += 1
        // What was answered may be a failure all the same.
        if let latency = outcome.latencyMilliseconds { latencies.append(latency) }
        if outcome.reason != .none { failures[outcome.reason, default: 0] += 1 }
    }

    func row(_ type: CheckType) -> [String] {
        let sorted = latencies.sorted()
        let reasons = failures.sorted { $0.key.rawValue < $1.key.rawValue }
        let failed = reasons.reduce(0) { $0 + $1.value }
        return [
            target, type.rawValue, "\(count)", "\(count == 0 ? 0 : Double(failed * 10_000 / count) / 100) %",
            reasons.isEmpty ? "-" : reasons.map { "\($0.value) \($0.key.name ?? "")" }.joined(separator: ", "),
            Output.milliseconds(Self.latency(sorted, 0)), Output.milliseconds(Self.latency(sorted, 0.5)),
            Output.milliseconds(Self.latency(sorted, 0.99)),
        ]
    }

    /// The latency that a share does not exceed (nearest rank).
    private static func latency(_ sorted: [Double], _ share: Double) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let rank = max(1, Int((share * Double(sorted.count)).rounded(.up)))
        return sorted[rank - 1]
    }
}
