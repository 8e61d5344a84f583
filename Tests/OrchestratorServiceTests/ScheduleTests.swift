import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Checks with a schedule", .everyEngine, .timeLimit(.minutes(5)))
struct ScheduleTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("are expected in their hours, and others always")
    func hours() async throws {
        let time = ManualTime()
        try await withOrchestrator(in: directory, time: time) { client in
            let window = Schedule(windows: [.init(from: "09:00", to: "10:00")])
            let often = Schedule(repetition: .init(durationSeconds: 1, everySeconds: 2))
            let checks = [nil, window, often].map { NewTargetCheck(type: .tcp, schedule: $0) }
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1", checks: checks))
            let all = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
            let ids = try [nil, window.windows].map { windows in
                try #require(all.first { $0.schedule?.windows == windows && $0.schedule?.repetition == nil }).id
            }
            let other = try #require(all.first { $0.schedule?.repetition != nil }).id
            let (from, to) = (time.now.advanced(by: .seconds(5_400)), time.now.advanced(by: .seconds(93_600)))
            let query = CheckHoursQuery(checkIDs: ids + [other, .make()], from: from, to: to)
            let hours = try await client.call(.listCheckHours, query).hours
            let (closes, opens) = (time.now.advanced(by: .seconds(7_200)), time.now.advanced(by: .seconds(90_000)))
            #expect(hours == [nil, [.init(from: from, to: closes), .init(from: opens, to: to)], nil, nil])
        }
    }

    @Test("are assigned while it says so, and no revision names two states")
    func assignment() async throws {
        // 2027-01-15, 08:00 in UTC.
        let time = ManualTime()
        let settings = ["ORCHESTRATOR_HEARTBEAT": "100ms"]
        try await withOrchestrator(in: directory, settings, time: time) { client in
            let agent = try await client.call(
                .registerAgent,
                AgentRegistration(name: "a", version: "1", surroundings: .init(allowsLoopback: false))
            ).id
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent))
            var set = stream.result
            func until(_ types: [CheckType], of target: TargetID) async throws {
                func seen() -> [CheckType] {
                    set.assignments.filter { $0.check.targetID == target }.map(\.check.type).sorted {
                        $0.rawValue < $1.rawValue
                    }
                }
                while seen() != types {
                    let old = set
                    set = try #require(try await stream.next())
                    #expect(set.revision > old.revision)
                }
            }
            let evening = Schedule(windows: [.init(from: "09:30", to: "10:00")], timeZone: "Europe/Vienna")
            let checks = [NewTargetCheck(type: .icmp), NewTargetCheck(type: .tcp, schedule: evening)]
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1", checks: checks))
            try await until([.icmp], of: target.id)
            time.advance(by: .seconds(30 * 60))
            try await until([.icmp, .tcp], of: target.id)
            time.advance(by: .seconds(30 * 60))
            try await until([.icmp], of: target.id)
            let all = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
            let check = try #require(all.first { $0.type == .tcp })
            #expect(check.schedule == evening)
            // An empty one takes it away.
            let always = try await client.call(.updateCheck, CheckChange(id: check.id, schedule: Schedule()))
            #expect(always.schedule == nil)
            try await until([.icmp, .tcp], of: target.id)
            let error = try await failure {
                try await client.call(.updateCheck, CheckChange(id: check.id, schedule: Schedule(windows: [])))
            }
            #expect(error.data == ["field": "schedule.windows"])
        }
    }
}
