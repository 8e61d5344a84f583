import Configuration
import Contracts
import Database
import JSONRPC
import Observability
import OrchestratorService
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Incidents of what is watched no more", .everyEngine, .timeLimit(.minutes(5)))
struct RetirementTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()

    init() throws { directory = try TemporaryDirectory() }

    /// Runs an alerting service that asks a real orchestrator.
    private func run(
        _ body: @escaping @Sendable (AlertingCase, _ orchestrator: RPCClient) async throws -> Void
    ) async throws {
        let log = Log(label: "test", sink: MemorySink())
        let database = try await SQLiteDatabase.open(directory.path + "/orchestrator.db")
        let orchestrator = try await Orchestrator.open(
            database,
            OrchestratorSettings(from: Environment([:])),
            clock: ContinuousClock(),
            log: log
        )
        var router = RPCRouter(title: "orchestrator", authorizer: OpenDoor(for: Person.editor), log: log)
        orchestrator.addRoutes(to: &router)
        try await AlertingCase.run(
            in: directory,
            measurements,
            ["ALERTING_RETIREMENT_INTERVAL": "10ms"],
            orchestrator: router
        ) { [router] test in
            try await body(test, RPCClient(inProcess: router, as: .gateway))
        }
        await database.close()
    }

    @Test("end when an endpoint is heard of no more while others of the check are")
    func endpoint() async throws {
        try await run { [measurements] test, orchestrator in
            try await measurements.followed()
            let target = try await orchestrator.call(.createTarget, NewTarget(address: "192.0.2.1"))
            let check = try #require(
                try await orchestrator.call(.listChecks, CheckFilter(targetID: target.id)).checks.first
            )
            var gone = Probe(targetID: target.id)
            gone.series.checkID = check.id
            var other = gone
            (gone.series.endpoint, other.series.endpoint) = ("192.0.2.1", "192.0.2.2")
            measurements.append(gone.batch("xxx"))
            measurements.append(other.batch("."))
            #expect(try await test.incidents(1, firing: 1).first?.endpoint == "192.0.2.1")
            // A transition is written down at once, and the time of its samples with it.
            measurements.append(other.batch("xxx", at: 595))
            #expect(try await test.incidents(2, firing: 2).count == 2)
            measurements.append(other.batch("...", at: 700))
            _ = try await test.incidents(2, firing: 0)
        }
    }

    @Test("end after the target is removed or switched off, or the check is, or its schedule is over", arguments: 0..<5)
    func retirement(way: Int) async throws {
        try await run { [measurements] test, orchestrator in
            try await measurements.followed()
            let target = try await orchestrator.call(.createTarget, NewTarget(address: "192.0.2.1"))
            let check = try #require(
                try await orchestrator.call(.listChecks, CheckFilter(targetID: target.id)).checks.first
            )
            var probe = Probe(targetID: target.id)
            probe.series.checkID = check.id
            measurements.append(probe.batch("xxx"))
            // Of a target that never was: to be ended without doing anything to it, and by that the proof of a round.
            measurements.append(Probe("unknown").batch("xxx"))
            let before = try await test.incidents(2, firing: 1)
            #expect(before.first { $0.state == .firing }?.checkID == check.id)
            switch way {
            case 0: _ = try await orchestrator.call(.deleteTarget, TargetRemoval(id: target.id))
            case 1: _ = try await orchestrator.call(.updateTarget, TargetChange(id: target.id, enabled: false))
            case 2: _ = try await orchestrator.call(.deleteCheck, CheckReference(id: check.id))
            case 3: _ = try await orchestrator.call(.updateCheck, CheckChange(id: check.id, enabled: false))
            default:
                let over = Schedule(until: Probe.time(1))
                _ = try await orchestrator.call(.updateCheck, CheckChange(id: check.id, schedule: over))
            }
            _ = try await test.incidents(2, firing: 0)
            measurements.append(probe.batch("xx", at: 3))
            measurements.append(probe.batch("x", at: 5))
            #expect(try await test.incidents(3, firing: 0).last?.startedAt == Probe.time(3))
        }
    }
}

@Suite("Removed targets", .timeLimit(.minutes(5)))
struct RetiredTargetTests {
    @Test("have no incident that fires and no rule of their own, and keep what ended")
    func removed() async throws {
        let (directory, measurements) = (try TemporaryDirectory(), MeasurementLog())
        try await AlertingCase.run(in: directory, measurements) { test in
            try await measurements.followed()
            let (gone, kept) = (Probe("gone"), Probe("kept"))
            var rules: [RuleID] = []
            for probe in [gone, kept] {
                let new = NewRule(
                    name: "slow",
                    targetID: probe.series.targetID,
                    metric: .latency,
                    comparison: .over,
                    threshold: 5
                )
                rules.append(try await test.client.call(.createRule, new).id)
                measurements.append(probe.batch("...xxx"))
            }
            // Each is slow, and then it fails.
            _ = try await test.incidents(4, firing: 4)
            _ = try await test.client.call(
                .retireTargets,
                ForgottenTargets(tenant: .first, targetIDs: [gone.series.targetID])
            )
            let incidents = try await test.incidents
            #expect(incidents.count == 4)
            #expect(Set(incidents.filter { $0.state == .firing }.map(\.targetName)) == ["kept"])
            let left = try await test.client.call(.listRules, Empty()).rules.map(\.id)
            #expect(!left.contains(rules[0]) && left.contains(rules[1]))
            let streaks = try await test.alerting.book.read { try $0.streaks() }
            #expect(!streaks.isEmpty && streaks.values.allSatisfy { $0.targetID == kept.series.targetID })
        }
    }
}
