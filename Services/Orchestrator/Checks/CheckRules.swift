import Contracts
import JSONRPC

extension Check {
    static let defaultInterval = 2_500
    static let defaultTimeout = 3_000
    /// Probes of one check that may be under way at once, so that a timeout has a bound where the interval is short.
    static let concurrentProbes = 20

    init(_ new: NewTargetCheck, of target: Target) {
        self.init(
            id: .make(),
            targetID: target.id,
            type: new.type,
            intervalMilliseconds: new.intervalMilliseconds ?? Self.defaultInterval,
            timeoutMilliseconds: new.timeoutMilliseconds ?? Self.defaultTimeout,
            options: new.options ?? CheckOptions(),
            enabled: true,
            createdAt: target.createdAt,
            updatedAt: target.updatedAt
        )
    }

    func applying(_ change: CheckChange, at now: Timestamp) -> Check {
        var check = self
        check.intervalMilliseconds = change.intervalMilliseconds ?? intervalMilliseconds
        check.timeoutMilliseconds = change.timeoutMilliseconds ?? timeoutMilliseconds
        check.options = change.options ?? options
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
        try options.validate(for: type, in: prefix + "options.")
    }
}
