import Contracts
import JSONRPC
import Observability
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Evaluation", .everyEngine, .timeLimit(.minutes(5)))
struct EvaluationTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()
    let probe = Probe()

    init() throws { directory = try TemporaryDirectory() }

    @Test("makes an incident of failures in a row, and ends it when the target is well again")
    func lifecycle() async throws {
        let time = ManualTime(Probe.time(600))
        try await AlertingCase.run(in: directory, measurements, now: { time.now }) { [measurements, probe] test in
            try await measurements.followed()
            measurements.append(probe.batch("..xxx"))
            let firing = try #require(try await test.incidents(1, firing: 1).first)
            #expect(firing.ruleName == "Target is failing")
            #expect(firing.severity == .critical)
            #expect(firing.targetName == "router")
            #expect(firing.startedAt == Probe.time(2))
            #expect(firing.endedAt == nil)
            #expect(firing.durationMilliseconds == 598_000)
            time.advance(by: .seconds(1))
            let running = try await test.client.call(.getIncident, IncidentReference(id: firing.id))
            #expect(running.durationMilliseconds == 599_000)

            measurements.append(probe.batch("x...", at: 5))
            let resolved = try #require(try await test.incidents(1, firing: 0).first)
            #expect(resolved.id == firing.id)
            #expect(resolved.endedAt == Probe.time(6))
            #expect(resolved.durationMilliseconds == 4_000)
            let unknown = try await failure {
                try await test.client.call(.getIncident, IncidentReference(id: .make()))
            }
            #expect(unknown.code == .notFound)
        }
    }

    @Test("loses and repeats no transition, wherever it is cut off", arguments: [Duration.zero, .seconds(1)])
    func restarts(pace: Duration) async throws {
        let time = ManualTime(Probe.time(600))
        let outcomes = Array("..xxx..x...xx.xxxx...x.xxx...xxxxx......xxx")
        for (second, outcome) in outcomes.enumerated() {
            // Cut off as soon as the row was handed over: before, while or after it is evaluated and committed.
            time.advance(by: pace)
            try await AlertingCase.run(in: directory, measurements, now: { time.now }) { [measurements, probe] test in
                if second == 0 { try await measurements.followed() }
                measurements.append(probe.batch(String(outcome), at: second))
                try await measurements.handedOut(second + 1)
            }
        }
        try await AlertingCase.run(in: directory, measurements) { test in
            let incidents = try await test.incidents(5, firing: 1)
            let starts = incidents.map { Int(Probe.start.duration(to: $0.startedAt) / .seconds(1)) }
            let ends = incidents.map { $0.endedAt.map { Int(Probe.start.duration(to: $0) / .seconds(1)) } }
            #expect(starts == [2, 14, 23, 29, 40])
            #expect(ends == [8, 18, 26, 34, nil])
        }
    }

    @Test("remembers a row of samples over a restart")
    func countsSurvive() async throws {
        let marker = Probe("marker")
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            try await measurements.followed()
            measurements.append(probe.batch("xx"))
            measurements.append(marker.batch("xxx"))
            _ = try await test.incidents(1, firing: 1)
        }
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            measurements.append(probe.batch("x", at: 2))
            let incidents = try await test.incidents(2, firing: 2)
            #expect(incidents.first { $0.targetName == "router" }?.startedAt == Probe.time(0))
        }
    }

    @Test("goes on where rows begin again that the store still has")
    func gap() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            try await measurements.followed()
            measurements.append(probe.batch("xxx"))
            _ = try await test.incidents(1, firing: 1)
        }
        measurements.append(probe.batch("...", at: 3))
        measurements.append(probe.batch("...", at: 6))
        measurements.prune(upTo: 2)
        try await AlertingCase.run(in: directory, measurements) { test in
            let incident = try #require(try await test.incidents(1, firing: 0).first)
            #expect(incident.endedAt == Probe.time(6))
            #expect(test.sink.lines.contains { $0.contains("measurements are missing") })
        }
    }

    @Test("goes on by itself when the stream breaks, and says so once each time")
    func interruptions() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            try await measurements.followed()
            for round in 0..<3 {
                measurements.append(probe.batch("xxx...", at: 6 * round))
                _ = try await test.incidents(round + 1, firing: 0)
                measurements.interrupt()
            }
            measurements.append(probe.batch("xxx", at: 18))
            _ = try await test.incidents(4, firing: 1)
            #expect(test.sink.lines.count { $0.contains("the evaluation was interrupted") } == 3)
        }
    }

    @Test("follows rules that are added, changed and removed while it runs")
    func ruleChanges() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            try await measurements.followed()
            let client = test.client
            let new = NewRule(name: "slow", metric: .latency, comparison: .over, threshold: 5, consecutive: 2)
            let rule = try await client.call(.createRule, new)
            measurements.append(probe.batch(".."))
            #expect(try await test.incidents(1, firing: 1).map(\.ruleName) == ["slow"])
            _ = try await client.call(.updateRule, RuleChange(id: rule.id, threshold: 50))
            measurements.append(probe.batch("..", at: 2))
            _ = try await test.incidents(1, firing: 0)
            _ = try await client.call(.updateRule, RuleChange(id: rule.id, threshold: 5))
            measurements.append(probe.batch("..", at: 4))
            _ = try await test.incidents(2, firing: 1)
            _ = try await client.call(.deleteRule, RuleReference(id: rule.id))
            let incidents = try await test.incidents
            #expect(incidents.map(\.state) == [.resolved, .resolved])
            measurements.append(probe.batch("..xxx", at: 6))
            #expect(try await test.incidents(3, firing: 1).last?.ruleName == "Target is failing")
        }
    }

    @Test("ends the incidents of a rule that is switched off, and begins anew when it is on again")
    func disabling() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements, probe] test in
            try await measurements.followed()
            let rule = try #require(try await test.client.call(.listRules, Empty()).rules.first)
            measurements.append(probe.batch("xxx"))
            _ = try await test.incidents(1, firing: 1)
            _ = try await test.client.call(.updateRule, RuleChange(id: rule.id, enabled: false))
            #expect(try await test.incidents.map(\.state) == [.resolved])
            _ = try await test.client.call(.updateRule, RuleChange(id: rule.id, enabled: true))
            measurements.append(probe.batch("xxx", at: 3))
            #expect(try await test.incidents(2, firing: 1).last?.startedAt == Probe.time(3))
        }
    }
}
