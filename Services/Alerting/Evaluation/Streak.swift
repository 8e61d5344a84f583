import Contracts

/// Where one rule stands with one check as one agent sees it: the samples in a row that agree, and what came of them.
struct Streak: Equatable, Sendable {
    enum Step {
        case fire
        case resolve
    }

    /// Longer rows are not told apart: no rule asks for more.
    private static let maximumCount = 1_000

    let targetID: TargetID
    /// The time of the newest sample.
    var newest = Timestamp(microseconds: .min)
    /// Whether the samples of the row cross the rule's threshold.
    var isCrossing = false
    /// The length of the row.
    var count = 0
    /// The time of the row's first sample.
    var since = Timestamp(microseconds: .min)
    /// Set while it fires.
    var incident: IncidentID?

    init(of targetID: TargetID) {
        self.targetID = targetID
    }

    /// Takes a sample, unless a newer one was taken before; says what the owner is to do.
    mutating func add(isCrossing crossing: Bool, at time: Timestamp, needed: Int) -> Step? {
        guard time >= newest else { return nil }
        newest = time
        if count > 0, isCrossing == crossing {
            count = min(count + 1, Self.maximumCount)
        } else {
            isCrossing = crossing
            count = 1
            since = time
        }
        guard count >= needed, crossing == (incident == nil) else { return nil }
        return crossing ? .fire : .resolve
    }
}
