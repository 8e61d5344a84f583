/// How many notices a node may still send (a token bucket that holds a second's worth).
struct NoticeBudget {
    private let perSecond: Double
    private var tokens: Double
    private var filledAt: UInt64 = 0

    init(perSecond: Int) {
        self.perSecond = Double(perSecond)
        tokens = self.perSecond
    }

    /// Whether one more may be sent now.
    mutating func take(at now: UInt64) -> Bool {
        tokens = min(perSecond, tokens + Double(now - filledAt) * 1e-9 * perSecond)
        filledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
