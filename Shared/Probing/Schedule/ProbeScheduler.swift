public import Contracts
public import EventLoop

/// Runs a schedule on a loop: starts what is due, and waits for what comes next.
public actor ProbeScheduler {
    /// What to do for a check that is due; called on the loop.
    public typealias Action = nonisolated(nonsending) @Sendable (ProbeSchedule.Due) async -> Void

    /// A run may start so much before its time, since timers are to the millisecond: they err on both sides by less than
    /// they would on one.
    private static let resolution = Duration.milliseconds(1)
    /// The wall clock is looked at this often at least, in case it was set.
    private static let longestWait: Duration = .seconds(1)

    private let loop: EventLoop
    private let action: Action
    private let alarm: Alarm
    private var schedule: ProbeSchedule

    public init(
        on loop: EventLoop,
        maximumConcurrency: Int = 512,
        action: @escaping Action
    ) {
        self.loop = loop
        self.action = action
        alarm = Alarm(on: loop)
        schedule = ProbeSchedule(maximumConcurrency: maximumConcurrency)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    public var missed: ProbeSchedule.Missed { schedule.missed }
    public var runningCount: Int { schedule.runningCount }

    /// Takes effect at once; see `ProbeSchedule.replace`.
    public func replace(_ checks: [CheckID: ProbeGrid], of agent: AgentID) {
        schedule.replace(checks, of: agent, now: .now)
        alarm.ring()
    }

    /// Runs a check at once; see `ProbeSchedule.order`.
    public func order(_ check: CheckID) {
        schedule.order(check, now: .now)
        alarm.ring()
    }

    /// Runs until the task is cancelled, and returns when all runs have ended.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for due in schedule.due(at: .now.advanced(by: Self.resolution)) {
                    group.addTask { await self.perform(due) }
                }
                await alarm.wait(atMost: timeToNext())
            }
            group.cancelAll()
        }
    }

    private func perform(_ due: ProbeSchedule.Due) async {
        await action(due)
        schedule.finished(due.check, now: .now)
        if schedule.waitingCount > 0 { alarm.ring() }
    }

    private func timeToNext() -> Duration {
        guard let next = schedule.next else { return Self.longestWait }
        return max(.zero, min(Timestamp.now.duration(to: next) - Self.resolution, Self.longestWait))
    }
}
