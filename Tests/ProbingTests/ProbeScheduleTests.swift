import Contracts
import Probing
import Testing

@Suite("ProbeSchedule")
struct ProbeScheduleTests {
    private static let hour: Int64 = 3_600_000_000
    private static let start: Int64 = 1_767_225_600_000_000
    private static let agent = AgentID(rawValue: "019b76da-a800-7000-8000-00000000a9e7")

    /// Checks as an orchestrator makes them: a few a millisecond.
    private static func checks(_ count: Int, every interval: Duration) -> [CheckID: Duration] {
        var generator = UUIDv7Generator(SystemRandomNumberGenerator())
        return Dictionary(
            uniqueKeysWithValues: (0..<count).map { index in
                let id = generator.next(milliseconds: 1_767_000_000_000 + UInt64(index / 3))
                return (CheckID(rawValue: id.description), interval)
            }
        )
    }

    /// A schedule whose runs take no time, with what it started.
    private struct Run {
        var schedule: ProbeSchedule
        var now: Int64
        var started: [ProbeSchedule.Due] = []

        init(_ checks: [CheckID: Duration], maximumConcurrency: Int = 10_000) {
            schedule = ProbeSchedule(maximumConcurrency: maximumConcurrency)
            now = start
            schedule.replace(checks.grids, of: agent, now: Timestamp(microseconds: now))
        }

        /// Looks at the schedule whenever it wants to be looked at, and at every step.
        mutating func advance(by duration: Int64, step: Int64 = 1_000_000) {
            let end = now + duration
            while now < end {
                now = min(end, now + step, schedule.next?.microseconds ?? .max)
                look()
            }
        }

        mutating func look() {
            let due = schedule.due(at: Timestamp(microseconds: now))
            started += due
            for run in due { schedule.finished(run.check, now: Timestamp(microseconds: now)) }
        }
    }

    @Test("fires each check on its own grid, with no drift in an hour")
    func noDrift() throws {
        var run = Run(Self.checks(50, every: .milliseconds(2_500)))
        run.advance(by: Self.hour)
        let slots = Dictionary(grouping: run.started, by: \.check)
        #expect(slots.count == 50)
        for runs in slots.values {
            #expect(runs.count == 1_440)
            let phase = runs[0].slot.microseconds % 2_500_000
            #expect(runs.allSatisfy { $0.slot.microseconds % 2_500_000 == phase })
        }
        #expect(run.schedule.missed.late == 0)
        #expect(run.schedule.missed.overlapping == 0)
    }

    @Test("spreads a thousand checks over their interval")
    func spread() {
        var run = Run(Self.checks(1_000, every: .seconds(10)))
        run.advance(by: 10_000_000)
        var buckets = [Int](repeating: 0, count: 100)
        for due in run.started { buckets[Int(due.slot.microseconds % 10_000_000 / 100_000)] += 1 }
        #expect(run.started.count == 1_000)
        #expect(buckets.max() ?? 0 <= 20)
    }

    @Test("agrees with another schedule of the same agent, and not with another agent's")
    func determinism() {
        let checks = Self.checks(20, every: .seconds(5))
        var first = Run(checks)
        var second = Run(checks)
        first.advance(by: 20_000_000)
        second.advance(by: 20_000_000, step: 7_000)
        #expect(first.started == second.started)
        var other = ProbeSchedule(maximumConcurrency: 1_000)
        other.replace(checks.grids, of: AgentID(rawValue: "another"), now: Timestamp(microseconds: Self.start))
        #expect(other.next != first.started.first?.slot)
    }

    @Test("goes on without a burst and without a silence when the clock is set", arguments: [Self.hour, -Self.hour])
    func clockSet(jump: Int64) {
        var run = Run(Self.checks(1_000, every: .seconds(10)))
        run.advance(by: 60_000_000)
        run.started = []
        run.now += jump
        run.look()
        #expect(run.started.count <= 120)
        run.started = []
        run.advance(by: 10_000_000)
        #expect(Set(run.started.map(\.check)).count == 1_000)
        #expect(run.started.count <= 1_001)
        if jump > 0 { #expect(run.schedule.missed.late >= 359_000) }
    }

    @Test("never starts a check that is still running, and counts the slot")
    func noOverlap() throws {
        let checks = Self.checks(1, every: .seconds(1))
        let check = try #require(checks.keys.first)
        var schedule = ProbeSchedule(maximumConcurrency: 10)
        schedule.replace(checks.grids, of: Self.agent, now: Timestamp(microseconds: Self.start))
        func step() throws -> [ProbeSchedule.Due] { schedule.due(at: try #require(schedule.next)) }
        #expect(try step().count == 1)
        #expect(try step().isEmpty)
        #expect(try step().isEmpty)
        #expect(schedule.missed.overlapping == 2)
        schedule.finished(check, now: Timestamp(microseconds: Self.start))
        #expect(try step().count == 1)
    }

    @Test("keeps to its concurrency, and starts what waited when there is room")
    func concurrency() throws {
        let checks = Self.checks(5, every: .seconds(1))
        var schedule = ProbeSchedule(maximumConcurrency: 2)
        schedule.replace(checks.grids, of: Self.agent, now: Timestamp(microseconds: Self.start))
        var started: [CheckID] = []
        var last = Timestamp(microseconds: Self.start)
        for _ in 0..<5 {
            last = try #require(schedule.next)
            started += schedule.due(at: last).map(\.check)
        }
        #expect(started.count == 2)
        #expect(schedule.runningCount == 2)
        #expect(schedule.waitingCount == 3)
        schedule.finished(started[0], now: last)
        #expect(schedule.due(at: last).count == 1)
        #expect(schedule.waitingCount == 2)
    }

    @Test("starts at once what is ordered, on the list or not, after the run that is under way")
    func ordered() throws {
        let checks = Self.checks(2, every: .seconds(10))
        let ids = checks.keys.sorted { $0.rawValue < $1.rawValue }
        var schedule = ProbeSchedule(maximumConcurrency: 1)
        let now = Timestamp(microseconds: Self.start)
        schedule.replace(checks.grids, of: Self.agent, now: now)
        func order(_ check: CheckID) -> [CheckID] {
            schedule.order(check, now: now)
            return schedule.due(at: now).map(\.check)
        }
        let other = CheckID(rawValue: "other")
        #expect(order(ids[0]) == [ids[0]])
        // It runs, and once more is all that is owed, however often it is ordered.
        #expect(order(ids[0]) == [])
        #expect(order(ids[0]) == [])
        #expect(order(other) == [])
        schedule.replace([ids[1]: ProbeGrid(every: .seconds(10))], of: Self.agent, now: now)
        schedule.finished(ids[0], now: now)
        #expect(schedule.due(at: now).map(\.check) == [other])
        schedule.finished(other, now: now)
        #expect(schedule.due(at: now).map(\.check) == [ids[0]])
        schedule.finished(ids[0], now: now)
        #expect(schedule.due(at: now) == [])
        #expect(schedule.runningCount == 0)
    }

    @Test("leaves the slots of other checks alone when the list changes")
    func replace() throws {
        let checks = Self.checks(10, every: .seconds(10))
        let ids = checks.keys.sorted { $0.rawValue < $1.rawValue }
        var changed = checks
        changed[ids[0]] = nil
        changed[ids[1]] = .seconds(3)
        changed[CheckID(rawValue: "new")] = .seconds(10)
        var before = Run(checks)
        before.advance(by: 60_000_000)
        var after = Run(checks)
        after.advance(by: 25_000_000)
        after.schedule.replace(changed.grids, of: Self.agent, now: Timestamp(microseconds: after.now))
        after.advance(by: 35_000_000)
        for id in ids[2...] {
            #expect(before.started.filter { $0.check == id } == after.started.filter { $0.check == id })
        }
        #expect(after.started.count { $0.check == ids[0] } <= 3)
        #expect(after.started.count { $0.check == CheckID(rawValue: "new") } >= 3)
    }

    @Test("makes nothing up for a time it slept through")
    func stall() {
        var run = Run(Self.checks(100, every: .seconds(1)))
        run.advance(by: 5_000_000)
        run.started = []
        run.now += 30_000_000
        run.look()
        #expect(run.started.count <= 100)
        #expect(run.schedule.missed.late >= 2_900)
    }
}

extension [CheckID: Duration] {
    var grids: [CheckID: ProbeGrid] { mapValues(ProbeGrid.init(every:)) }
}
