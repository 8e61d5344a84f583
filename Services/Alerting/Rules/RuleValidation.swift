import Contracts
import JSONRPC

extension Rule {
    init(_ new: NewRule, at now: Timestamp) {
        self.init(
            id: .make(),
            name: new.name,
            targetID: new.targetID,
            checkType: new.checkType,
            metric: new.metric,
            comparison: new.comparison,
            threshold: new.threshold,
            consecutive: new.consecutive ?? 3,
            severity: new.severity ?? .warning,
            createdAt: now,
            updatedAt: now
        )
    }

    func applying(_ change: RuleChange, at now: Timestamp) -> Rule {
        var rule = self
        rule.name = change.name ?? name
        rule.threshold = change.threshold ?? threshold
        rule.consecutive = change.consecutive ?? consecutive
        rule.severity = change.severity ?? severity
        rule.enabled = change.enabled ?? enabled
        rule.updatedAt = now
        return rule
    }

    /// Throws `invalidParams` with the first field that breaks its rule.
    func validate() throws(RPCError) {
        try checkText(name, "name", 1...200)
        try checkNumber(consecutive, "consecutive", 1...1_000)
        switch metric {
        case .latency:
            guard threshold > 0, threshold <= 3_600_000 else {
                throw invalid("threshold", "must be over 0 and at most 3600000 milliseconds")
            }
        case .loss:
            guard (0...1).contains(threshold) else { throw invalid("threshold", "must be from 0 to 1") }
        case .failure:
            let outcomes = Set([0, 1].map { comparison.holds($0, threshold) })
            guard threshold.isFinite, outcomes.count == 2 else {
                throw invalid("threshold", "must tell failure, which is 1, from success, which is 0, such as >= 1")
            }
        }
    }
}

extension Rule.Comparison {
    func holds(_ value: Double, _ threshold: Double) -> Bool {
        switch self {
        case .over: value > threshold
        case .under: value < threshold
        case .atLeast: value >= threshold
        case .atMost: value <= threshold
        }
    }
}
