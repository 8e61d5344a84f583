import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Tenants of alerting", .timeLimit(.minutes(5)))
struct TenancyTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()

    init() throws { directory = try TemporaryDirectory() }

    private func incidents(_ test: AlertingCase, of person: Person) async throws -> [Incident] {
        try await acting(as: person) {
            try await test.client.call(.listIncidents, IncidentFilter()).incidents
        }
    }

    @Test("begin with a rule and a receiver of their own, and have incidents by their own rules alone")
    func separate() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements] test in
            try await measurements.followed()
            // The first tenant watches nothing any more.
            for rule in try await test.client.call(.listRules, Empty()).rules {
                _ = try await test.client.call(.deleteRule, RuleReference(id: rule.id))
            }
            measurements.append(Probe("theirs").batch("xxx"), of: Person.stranger.tenant)
            measurements.append(Probe("mine").batch("xxx"))
            measurements.append(Probe("theirs too").batch("xxx"), of: Person.stranger.tenant)
            try await test.until { try await incidents(test, of: .stranger).count == 2 }
            #expect(try await incidents(test, of: .editor).isEmpty)
            let (rules, receivers) = try await acting(as: .stranger) {
                (
                    try await test.client.call(.listRules, Empty()).rules,
                    try await test.client.call(.listReceivers, Empty()).receivers
                )
            }
            #expect(rules.map(\.name) == ["Target is failing"])
            #expect(receivers.map(\.name) == ["Log"])
            #expect(try await test.client.call(.listRules, Empty()).rules.isEmpty)
        }
        // What was deleted stays deleted.
        try await AlertingCase.run(in: directory, measurements) { test in
            let rules = try await test.client.call(.listRules, Empty()).rules
            #expect(rules.isEmpty)
        }
    }

    @Test("lose nothing when another one's target goes, though a file gave rows its id")
    func retired() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements] test in
            try await measurements.followed()
            let target = TargetID.make()
            measurements.append(Probe("mine", targetID: target).batch("xxx"))
            measurements.append(Probe("theirs", targetID: target).batch("xxx"), of: Person.stranger.tenant)
            try await test.until { try await incidents(test, of: .stranger).count == 1 }
            _ = try await test.client.call(.retireTargets, ForgottenTargets(tenant: .first, targetIDs: [target]))
            #expect(try await incidents(test, of: .stranger).map(\.state) == [.firing])
            #expect(try await incidents(test, of: .editor).map(\.state) == [.resolved])
        }
    }

    @Test("get the same answer for an id of another tenant as for one that nothing has")
    func foreignIDs() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements] test in
            try await measurements.followed()
            let probe = Probe("mine")
            measurements.append(probe.batch("xxx"))
            try await test.until { try await incidents(test, of: .editor).count == 1 }
            let rules = try await test.client.call(.listRules, Empty()).rules
            let receivers = try await test.client.call(.listReceivers, Empty()).receivers
            let incident = try #require(try await incidents(test, of: .editor).first)
            let silence = try await test.client.call(
                .createSilence,
                NewSilence(reason: "mine", to: Probe.time(7_200), ruleID: rules.first?.id)
            )
            var router = RPCRouter(
                title: "alerting",
                authorizer: OpenDoor(),
                log: Log(label: "test", sink: MemorySink())
            )
            test.alerting.addRoutes(to: &router)
            let isolation = IsolationProbe(
                router,
                ids: [
                    "target_id": probe.series.targetID.rawValue, "rule.id": try #require(rules.first).id.rawValue,
                    "receiver.id": try #require(receivers.first).id.rawValue, "incident.id": incident.id.rawValue,
                    "silence.id": silence.id.rawValue, "rule_id": try #require(rules.first).id.rawValue,
                    "agent_id": incident.agentID.rawValue,
                ]
            )
            let methods = publicMethods.filter { $0.owner == .alerting }
            let (fields, leaks) = try await isolation.leaks(methods, as: .stranger)
            #expect(fields > 5)
            #expect(leaks == [])
            #expect(try await test.client.call(.listRules, Empty()).rules == rules)
            #expect(try await test.client.call(.listReceivers, Empty()).receivers == receivers)
            #expect(try await test.client.call(.listSilences, Empty()).silences == [silence])
            #expect(try await incidents(test, of: .editor).map(\.state) == [.firing])
        }
    }

    @Test("are kept apart by PostgreSQL too, whatever a statement forgets", .everyEngine)
    func guarded() async throws {
        guard TestEngine.current == .postgres else { return }
        try await AlertingCase.run(in: directory, measurements) { [directory, measurements] test in
            try await measurements.followed()
            for person in [Person.editor, .stranger] {
                measurements.append(Probe(person.email).batch("xxx"), of: person.tenant)
                try await test.until { try await incidents(test, of: person).count == 1 }
                try await acting(as: person) {
                    let silence = NewSilence(reason: "known", to: Probe.time(7_200), severity: .info)
                    _ = try await test.client.call(.createSilence, silence)
                }
            }
            let database = try await TestEngine.open("alerting", in: directory)
            let tables = ["rule", "incident", "receiver", "silence", "welcome", "streak", "delivery"]
            for (tenant, count) in [(Person.editor.tenant.rawValue, 1), ("nobody", 0), (nil, 0), ("*", 2)] {
                let expected = Dictionary(uniqueKeysWithValues: tables.map { ($0, count) })
                #expect(try await guardedRows(in: database, as: tenant) == expected, "\(tenant ?? "nil")")
            }
            await database.close()
        }
    }

    @Test("leave nothing behind when they go")
    func removed() async throws {
        try await AlertingCase.run(in: directory, measurements) { [measurements] test in
            try await measurements.followed()
            measurements.append(Probe("mine").batch("xxx"))
            measurements.append(Probe("theirs").batch("xxx"), of: Person.stranger.tenant)
            try await test.until { try await incidents(test, of: .stranger).count == 1 }
            let removed = RemovedTenant(tenant: Person.stranger.tenant)
            for _ in 0..<2 { _ = try await test.client.call(.forgetTenantIncidents, removed) }
            #expect(try await incidents(test, of: .stranger).isEmpty)
            #expect(try await incidents(test, of: .editor).count == 1)
            let left = try await test.alerting.book.read { connection in
                try ["rule", "receiver", "incident", "silence", "welcome"].map { table in
                    let query = SQL(trusted: "SELECT count(*) FROM \(table) WHERE tenant = 'other'")
                    return try connection.value(query, as: Int.self)
                }
            }
            #expect(left == [0, 0, 0, 0, 0])
        }
    }
}
