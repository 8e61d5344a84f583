public import Contracts

/// How often a check is due, and when.
public struct ProbeGrid: Equatable, Sendable {
    public var interval: Duration
    /// Where on the wall clock's grid; `nil`: where its identifier and the agent's put it.
    public var phase: Duration?
    /// How late a run may start, when that is less than others may.
    public var tolerance: Duration?

    public init(every interval: Duration) {
        self.interval = interval
    }

    /// The slots of an agent's share in a target's rate.
    public init(_ pacing: Pacing, agent: Int) {
        let (interval, phase) = pacing.grid(ofAgent: agent)
        self.interval = .microseconds(interval)
        self.phase = .microseconds(phase)
        // Timers are to the millisecond.
        tolerance = .microseconds(max(pacing.slotMicroseconds, 2_000))
    }
}

/// When each check of one agent is due: at `phase + k × interval` on the wall clock, whatever happened before.
///
/// Nothing accumulates, so there is no drift, and two agents with one identity and one list agree to the microsecond.
/// A check never overlaps itself. A slot that cannot be kept is counted and left out; it is never made up for.
public struct ProbeSchedule: Sendable {
    /// One run to be started.
    public struct Due: Equatable, Sendable {
        public var check: CheckID
        /// The moment on the grid.
        public var slot: Timestamp
    }

    /// Slots that were left out, by what was in the way.
    public struct Missed: Equatable, Sendable {
        /// The check's run before was not over, or still waited for room.
        public var overlapping = 0
        /// They lay in a time that was slept through, or that the clock jumped over.
        public var late = 0
    }

    private struct Entry {
        var grid: ProbeGrid
        var interval: Int64
        var phase: Int64
        var tolerance: Int64
        var generation: Int

        /// The first slot after `now`.
        func slot(after now: Int64) -> Int64 {
            let (quotient, remainder) = (now - phase).quotientAndRemainder(dividingBy: interval)
            return phase + (remainder < 0 ? quotient : quotient + 1) * interval
        }
    }

    /// How late a run may start; a check with a shorter interval has that long.
    private static let toleranceMicroseconds: Int64 = 1_000_000
    /// A clock that goes back further than this has been set.
    private static let backwardsMicroseconds: Int64 = 1_000_000

    public private(set) var missed = Missed()
    private let maximumConcurrency: Int
    private var entries: [CheckID: Entry] = [:]
    private var queue = SlotQueue()
    /// Due, but there was no room.
    private var waiting: [Due] = []
    /// Those of `waiting`, or of those to be run when the run under way is over, that a person wants.
    private var ordered: Set<CheckID> = []
    /// The checks of `waiting`, and those that were handed out and are not over.
    private var busy: Set<CheckID> = []
    private var generations = 0
    private var lastNow = Int64.min
    private var agent: AgentID?

    public init(maximumConcurrency: Int) {
        self.maximumConcurrency = maximumConcurrency
    }

    public var runningCount: Int { busy.count - waiting.count }
    public var waitingCount: Int { waiting.count }

    /// The next moment at which to ask what is due; `nil` without checks.
    public var next: Timestamp? {
        queue.first.map { Timestamp(microseconds: $0.microseconds) }
    }

    /// Takes a new list of checks with their grids; those that were there before keep their slots.
    public mutating func replace(_ checks: [CheckID: ProbeGrid], of agent: AgentID, now: Timestamp) {
        if agent != self.agent { entries = [:] }
        self.agent = agent
        entries = entries.filter { checks[$0.key] != nil }
        let gone = Set(waiting.map(\.check).filter { checks[$0] == nil && !ordered.contains($0) })
        busy.subtract(gone)
        waiting.removeAll { gone.contains($0.check) }
        for (check, grid) in checks where entries[check]?.grid != grid {
            let interval = max(1_000, grid.interval.microseconds)
            generations += 1
            let entry = Entry(
                grid: grid,
                interval: interval,
                phase: grid.phase?.microseconds ?? ProbePhase(check: check, agent: agent).offset(in: interval),
                tolerance: min(interval, grid.tolerance?.microseconds ?? .max, Self.toleranceMicroseconds),
                generation: generations
            )
            entries[check] = entry
            enqueue(check, entry, after: now.microseconds)
        }
    }

    /// Has a check run at once, or when the run that is under way is over; it need not be on the list.
    public mutating func order(_ check: CheckID, now: Timestamp) {
        guard ordered.insert(check).inserted, busy.insert(check).inserted else { return }
        waiting.append(Due(check: check, slot: now))
    }

    /// Hands out what is to be started now.
    public mutating func due(at now: Timestamp) -> [Due] {
        let now = now.microseconds
        if lastNow != .min, now < lastNow - Self.backwardsMicroseconds { rebuild(now) }
        lastNow = now
        while let first = queue.first, first.microseconds <= now {
            queue.removeFirst()
            guard let entry = entries[first.check], entry.generation == first.generation else { continue }
            pass(first, entry, now)
        }
        let started = Array(waiting.prefix(max(0, maximumConcurrency - runningCount)))
        waiting.removeFirst(started.count)
        for due in started { ordered.remove(due.check) }
        return started
    }

    /// To be called when a run that was handed out is over.
    public mutating func finished(_ check: CheckID, now: Timestamp) {
        busy.remove(check)
        if ordered.remove(check) != nil { order(check, now: now) }
    }

    /// Takes note of a slot whose time has come, and looks for the next one.
    private mutating func pass(_ slot: SlotQueue.Slot, _ entry: Entry, _ now: Int64) {
        let next = enqueue(slot.check, entry, after: now)
        missed.late += Int((next - slot.microseconds) / entry.interval) - 1
        if now - slot.microseconds > entry.tolerance {
            missed.late += 1
        } else if !busy.insert(slot.check).inserted {
            missed.overlapping += 1
        } else {
            waiting.append(Due(check: slot.check, slot: Timestamp(microseconds: slot.microseconds)))
        }
    }

    @discardableResult
    private mutating func enqueue(_ check: CheckID, _ entry: Entry, after now: Int64) -> Int64 {
        let next = entry.slot(after: now)
        queue.insert(SlotQueue.Slot(microseconds: next, check: check, generation: entry.generation))
        return next
    }

    /// The clock was set back: the slots that were next are too far ahead now.
    private mutating func rebuild(_ now: Int64) {
        queue.removeAll()
        for (check, entry) in entries { enqueue(check, entry, after: now) }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
