import Contracts
import Database
import JSONRPC

/// How a check runs now: at its intervals, unless there is an order that says otherwise.
struct RunPlace: Sendable {
    var order: RunOrder?
}

extension SchedulePlan {
    /// How long agents that come back are told of an order.
    static let orderLife = Duration.seconds(30)

    /// Whether a check runs now; `nil` when it does not.
    mutating func place(of check: Check, _ runs: [RunRow]) throws -> RunPlace? {
        let isScheduled = try check.enabled && isActive(check.schedule)
        if isScheduled, let schedule = check.schedule { scheduled[check.id] = schedule.recurrence ?? .same }
        var (goesOn, order) = (isScheduled, RunOrder?.none)
        for row in runs.sorted(by: { $0.run.startedAt < $1.run.startedAt }) {
            if let until = row.run.until {
                guard until > now, row.isOnce || check.enabled else { continue }
                note(until)
                goesOn = goesOn || !row.isOnce
            }
            if row.isOrdered, row.run.startedAt.duration(to: now) < Self.orderLife {
                order = RunOrder(id: row.run.id, isOnly: false)
            }
        }
        guard goesOn || order != nil else { return nil }
        order?.isOnly = !goesOn
        return RunPlace(order: order)
    }
}

/// What is to be written down of runs that begin and end.
struct RunChanges: Sendable {
    /// A run may end so much after its time, and the next one is yet one of its own.
    private static let lateness = Duration.seconds(30)

    private let now: Timestamp
    private let ended: [(RunID, Timestamp)]
    private let begun: [CheckID: Schedule.Recurrence]

    /// `assigned` are the checks that run at all.
    init(_ open: [RunRow], _ plan: SchedulePlan, assigned: Set<CheckID>) {
        now = plan.now
        var begun = plan.scheduled
        var ended: [(RunID, Timestamp)] = []
        for row in open {
            let run = row.run
            guard run.startedAt <= plan.now else {
                if run.cause == .schedule { begun[run.checkID] = nil }
                continue
            }
            if let until = run.until, until <= plan.now {
                ended.append((run.id, until))
            } else if run.cause == .person ? assigned.contains(run.checkID) : plan.scheduled[run.checkID] != nil {
                if run.cause == .schedule { begun[run.checkID] = nil }
            } else {
                ended.append((run.id, plan.now))
            }
        }
        (self.ended, self.begun) = (ended, begun)
    }

    var isEmpty: Bool { ended.isEmpty && begun.isEmpty }

    func write(to connection: any DatabaseConnection) throws {
        for (id, time) in ended { try connection.setEnd(of: id, time) }
        for (check, recurrence) in begun {
            // It may have been removed, or restarted, meanwhile.
            guard let tenant = try connection.tenant(of: check) else { continue }
            let last = try connection.runs(of: check).first { $0.run.cause == .schedule }?.run
            if let last {
                guard let end = last.endedAt else { continue }
                let pause = end.duration(to: now) + Self.lateness
                if recurrence == .same || pause < .seconds(ScheduleTimes.bufferSeconds) {
                    try connection.setEnd(of: last.id, nil)
                    continue
                }
            }
            let run = Run(id: .make(), checkID: check, parentID: last?.id, cause: .schedule, startedAt: now)
            try connection.insert(RunRow(run: run), of: tenant)
        }
    }
}

extension DatabaseConnection {
    fileprivate func tenant(of check: CheckID) throws -> TenantID? {
        try value("SELECT tenant FROM check_definition WHERE id = \(check.rawValue)", as: String.self)
            .map(TenantID.init)
    }
}
