import Contracts
import JSONRPC

extension Check {
    static let defaultInterval = 2_500
    static let defaultTimeout = 3_000
    /// Probes of one check that may be under way at once, so that a timeout has a bound where the interval is short.
    static let concurrentProbes = 20

    init(_ new: NewTargetCheck, of target: Target, at now: Timestamp) {
        self.init(
            id: .make(),
            targetID: target.id,
            type: new.type,
            intervalMilliseconds: new.intervalMilliseconds ?? Self.defaultInterval,
            timeoutMilliseconds: new.timeoutMilliseconds ?? Self.defaultTimeout,
            options: new.options ?? CheckOptions(),
            agents: new.agents,
            schedule: new.schedule?.settled(at: now),
            enabled: new.enabled ?? true,
            createdAt: now,
            updatedAt: now
        )
    }

    func applying(_ change: CheckChange, at now: Timestamp) -> Check {
        var check = self
        check.intervalMilliseconds = change.intervalMilliseconds ?? intervalMilliseconds
        check.timeoutMilliseconds = change.timeoutMilliseconds ?? timeoutMilliseconds
        check.options = change.options ?? options
        if let agents = change.agents { check.agents = agents == AgentSelector() ? nil : agents }
        if let schedule = change.schedule { check.schedule = schedule.settled(at: now) }
        check.enabled = change.enabled ?? enabled
        check.updatedAt = now
        return check
    }

    /// Throws `invalidParams` with the first field that breaks its rule; `prefix` says where the fields stand.
    func validate(in prefix: String = "") throws(RPCError) {
        try checkNumber(intervalMilliseconds, prefix + "interval_ms", 200...86_400_000)
        try checkNumber(timeoutMilliseconds, prefix + "timeout_ms", 10...60_000)
        guard timeoutMilliseconds <= Self.concurrentProbes * intervalMilliseconds else {
            throw invalid(prefix + "timeout_ms", "must be at most \(Self.concurrentProbes) times interval_ms")
        }
        if let count = agents?.count { try checkNumber(count, prefix + "agents.count", 1...100) }
        if let labels = agents?.labels { try checkLabels(labels) }
        try schedule?.validate(in: prefix + "schedule.")
        try options.validate(for: type, in: prefix + "options.")
    }
}
