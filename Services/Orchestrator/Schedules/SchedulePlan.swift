import Contracts
import JSONRPC

/// Which schedules say now, and when the next of them changes; each different one is looked at once.
struct SchedulePlan {
    let now: Timestamp
    /// When one of those that were asked for says otherwise; `nil` when none ever will.
    private(set) var nextChange: Timestamp?
    /// The checks that run because their schedules say so, and what it is when they begin again.
    var scheduled: [CheckID: Schedule.Recurrence] = [:]
    private var known: [Schedule: Bool] = [:]

    init(at now: Timestamp) {
        self.now = now
    }

    /// Throws `invalidParams` for a schedule that could not have been stored.
    mutating func isActive(_ schedule: Schedule?) throws -> Bool {
        guard let schedule else { return true }
        if let isActive = known[schedule] { return isActive }
        let times = try ScheduleTimes(schedule)
        let isActive = times.isActive(at: now)
        known[schedule] = isActive
        if let change = times.nextChange(after: now) { note(change) }
        return isActive
    }

    /// Something else is another from `time` on.
    mutating func note(_ time: Timestamp) {
        nextChange = min(nextChange ?? time, time)
    }
}
