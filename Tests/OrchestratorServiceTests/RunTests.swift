import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Runs of checks", .everyEngine, .timeLimit(.minutes(5)))
struct RunTests {
    let directory: TemporaryDirectory
    /// 2027-01-15, 08:00 in UTC.
    let time = ManualTime()

    init() throws { directory = try TemporaryDirectory() }

    /// A check with a schedule, and what its agent is told of it.
    private struct Case: Sendable {
        let client: RPCClient
        let time: ManualTime
        let check: CheckID
        let agent: AgentID

        init(_ client: RPCClient, _ time: ManualTime, _ schedule: Schedule?, enabled: Bool? = nil) async throws {
            (self.client, self.time) = (client, time)
            agent = try await client.call(
                .registerAgent,
                AgentRegistration(name: "a", version: "1", surroundings: .init(allowsLoopback: false))
            ).id
            let new = NewTargetCheck(type: .tcp, schedule: schedule, enabled: enabled)
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1", checks: [new]))
            check = try #require(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.first).id
        }

        var reference: CheckReference { CheckReference(id: check) }

        /// Waits until the check's runs are as `isMeant`, and returns them, oldest first.
        func runs(_ isMeant: ([Run]) -> Bool) async throws -> [Run] {
            while true {
                let runs = Array(try await client.call(.listRuns, reference).runs.reversed())
                if isMeant(runs) { return runs }
            }
        }

        /// Waits until the agent is told what is meant of the check.
        func told(_ isMeant: (Assignment?) -> Bool) async throws {
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent))
            var set = stream.result
            while !isMeant(set.assignments.first { $0.check.id == check }) {
                set = try #require(try await stream.next())
            }
        }

        func restart() async throws -> Run { try await client.call(.restartCheck, reference) }

        func run(seconds: Int? = nil) async throws -> Run {
            try await client.call(.runCheck, RunRequest(id: check, durationSeconds: seconds))
        }
    }

    private func with(
        _ schedule: Schedule?,
        enabled: Bool? = nil,
        _ body: @escaping @Sendable (Case) async throws -> Void
    ) async throws {
        try await withOrchestrator(in: directory, ["ORCHESTRATOR_HEARTBEAT": "100ms"], time: time) { [time] client in
            try await body(Case(client, time, schedule, enabled: enabled))
        }
    }

    @Test("follow one another two minutes apart, each with the one before as its parent")
    func chain() async throws {
        let repetition = Schedule.Repetition(durationSeconds: 600)
        try await with(Schedule(repetition: repetition, recurrence: .new)) { test in
            let start = test.time.now
            _ = try await test.runs { $0.count == 1 && $0[0].endedAt == nil }
            for count in 1...2 {
                // They end a little late, and the next one begins on time.
                test.time.advance(by: .seconds(602))
                _ = try await test.runs { $0.count == count && $0[count - 1].endedAt != nil }
                try await test.told { $0 == nil }
                test.time.advance(by: .seconds(118))
                _ = try await test.runs { $0.count == count + 1 }
                try await test.told { $0 != nil }
            }
            let runs = try await test.runs { $0.count == 3 }
            #expect(runs.map(\.parentID) == [nil, runs[0].id, runs[1].id])
            #expect(runs.map { start.duration(to: $0.startedAt) } == [.zero, .seconds(720), .seconds(1_440)])
            #expect(runs[1].endedAt == start.advanced(by: .seconds(1_322)))
            #expect(runs.allSatisfy { $0.cause == .schedule && $0.startedBy == nil })
        }
    }

    @Test("continue where nobody asks for new ones")
    func same() async throws {
        let windows = [Schedule.Window(from: "08:00", to: "09:00"), Schedule.Window(from: "10:00", to: "11:00")]
        try await with(Schedule(windows: windows)) { test in
            let first = try await test.runs { $0.count == 1 }
            test.time.advance(by: .seconds(3_600))
            _ = try await test.runs { $0[0].endedAt != nil }
            test.time.advance(by: .seconds(3_600))
            let last = try await test.runs { $0[0].endedAt == nil }
            #expect(last == first)
        }
    }

    @Test("continue also as new ones when there was less than two minutes between")
    func shortPause() async throws {
        let windows = [Schedule.Window(from: "08:00", to: "09:00"), Schedule.Window(from: "09:01", to: "11:00")]
        try await with(Schedule(windows: windows, recurrence: .new)) { test in
            let first = try await test.runs { $0.count == 1 }
            test.time.advance(by: .seconds(3_600))
            _ = try await test.runs { $0[0].endedAt != nil }
            test.time.advance(by: .seconds(60))
            let last = try await test.runs { $0[0].endedAt == nil }
            #expect(last == first)
        }
    }

    @Test("by hand are once or for some time, outside the schedule too, and at once")
    func byHand() async throws {
        let evening = Schedule(windows: [.init(from: "20:00", to: "21:00")])
        try await with(evening) { test in
            try await test.told { $0 == nil }
            let once = try await test.run()
            #expect(once.cause == .person && once.startedBy == Person.editor.email && once.parentID == nil)
            try await test.told { $0?.order == RunOrder(id: once.id, isOnly: true) }
            #expect(try await failure { try await test.run() }.code == .busy)
            test.time.advance(by: .seconds(1))
            let longer = try await test.run(seconds: 600)
            #expect(longer.parentID == once.id)
            try await test.told { $0?.order == RunOrder(id: longer.id, isOnly: false) }
            test.time.advance(by: .seconds(600))
            try await test.told { $0 == nil }
            let runs = try await test.runs { $0.allSatisfy { $0.endedAt != nil } }
            #expect(runs.map(\.endedAt) == [longer.startedAt, longer.until])
            let error = try await failure { try await test.run(seconds: 0) }
            #expect(error.data == ["field": "duration_s"])
        }
    }

    @Test("by hand are once when the check is switched off, and never when the target is")
    func switchedOff() async throws {
        try await with(nil, enabled: false) { test in
            #expect(try await failure { try await test.run(seconds: 5) }.code == .conflict)
            #expect(try await failure { try await test.restart() }.code == .conflict)
            let once = try await test.run()
            try await test.told { $0?.order == RunOrder(id: once.id, isOnly: true) && $0?.check.enabled == true }
            test.time.advance(by: .seconds(30))
            try await test.told { $0 == nil }
            let check = try #require(
                try await test.client.call(.listChecks, CheckFilter()).checks.first { $0.id == test.check }
            )
            #expect(!check.enabled)
            _ = try await test.client.call(.updateTarget, TargetChange(id: check.targetID, enabled: false))
            #expect(try await failure { try await test.run() }.code == .conflict)
        }
    }

    @Test("begin anew when they are restarted, and the schedule with them")
    func restart() async throws {
        let (start, end) = (time.now, time.now.advanced(by: .seconds(60)))
        try await with(Schedule(from: start, until: end)) { test in
            let first = try #require(try await test.runs { $0.count == 1 }.first)
            test.time.advance(by: .seconds(20))
            let second = try await test.restart()
            #expect(second.parentID == first.id && second.cause == .schedule)
            try await test.told { $0?.order == RunOrder(id: second.id, isOnly: false) }
            test.time.advance(by: .seconds(59))
            let runs = try await test.runs { $0.count == 2 }
            #expect(runs[0].endedAt == second.startedAt && runs[1].endedAt == nil)
            test.time.advance(by: .seconds(1))
            _ = try await test.runs { $0[1].endedAt != nil }
            try await test.told { $0 == nil }
            // It is over, and can be had once more.
            #expect(try await test.restart().parentID == second.id)
            try await test.told { $0 != nil }
            test.time.advance(by: .seconds(1))
            let once = try await test.run()
            try await test.told { $0?.order == RunOrder(id: once.id, isOnly: false) }
        }
    }

    @Test("are shown with the check: whether it runs now")
    func active() async throws {
        try await with(Schedule(windows: [.init(from: "08:00", to: "09:00")])) { test in
            func active() async throws -> Bool? {
                let checks = try await test.client.call(.listChecks, CheckFilter()).checks
                return checks.first { $0.id == test.check }?.isActive
            }
            #expect(try await active() == true)
            test.time.advance(by: .seconds(3_600))
            #expect(try await active() == false)
            let always = try await test.client.call(.updateCheck, CheckChange(id: test.check, schedule: Schedule()))
            #expect(always.isActive == nil)
        }
    }
}
