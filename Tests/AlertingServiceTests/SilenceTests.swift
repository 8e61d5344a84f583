import Contracts
import JSON
import JSONRPC
import Observability
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Silences", .everyEngine, .timeLimit(.minutes(5)))
struct SilenceTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()
    let probe = Probe("silent")

    init() throws { directory = try TemporaryDirectory() }

    /// Runs the service by the real clock.
    private func run(_ body: @escaping @Sendable (AlertingCase) async throws -> Void) async throws {
        try await AlertingCase.run(in: directory, measurements, ["ALERTING_RETRY_FIRST": "2ms"], now: { .now }) {
            test in
            try await measurements.followed()
            try await body(test)
        }
    }

    private static func silence(of probe: Probe) -> NewSilence {
        NewSilence(reason: "known", to: .now.advanced(by: .seconds(3_600)), targetID: probe.series.targetID)
    }

    /// Has another target fail, and waits until that was told: the courier has passed by all that was before it.
    private static func pass(
        _ measurements: MeasurementLog,
        _ server: WebhookServer,
        _ name: String
    ) async throws {
        measurements.append(Probe(name).batch("xxx"))
        var count = 1
        while try await !server.posts(count).contains(where: { $0.notice.incident.targetName == name }) { count += 1 }
    }

    @Test("hold back what begins, show it, and let it be told when they are ended or over", arguments: [true, false])
    func heldBack(isDeleted: Bool) async throws {
        let server = try WebhookServer { _ in 200 }
        try await run { [measurements, probe] test in
            try await test.addWebhook(server)
            let silence = try await test.client.call(.createSilence, Self.silence(of: probe))
            measurements.append(probe.batch("xxx"))
            let incident = try #require(try await test.incidents(1, firing: 1).first)
            #expect(incident.silencedUntil == silence.to)
            try await Self.pass(measurements, server, "other")
            #expect(server.posts.map(\.notice.incident.targetName) == ["other"])
            if isDeleted {
                _ = try await test.client.call(.deleteSilence, SilenceReference(id: silence.id))
            } else {
                let end = SilenceChange(id: silence.id, to: .now.advanced(by: .milliseconds(20)))
                _ = try await test.client.call(.updateSilence, end)
            }
            let told = try #require(try await server.posts(2).last?.notice)
            #expect(told.incident.id == incident.id && told.transition == .firing)
            #expect(told.incident.silencedUntil == nil)
            #expect(try await test.client.call(.getIncident, IncidentReference(id: incident.id)).silencedUntil == nil)
            measurements.append(probe.batch("...", at: 3))
            #expect(try await server.posts(3).last?.notice.transition == .resolved)
        }
    }

    @Test("have nothing told of what began and ended under them")
    func begunAndEnded() async throws {
        let server = try WebhookServer { _ in 200 }
        try await run { [measurements, probe] test in
            try await test.addWebhook(server)
            let silence = try await test.client.call(.createSilence, Self.silence(of: probe))
            measurements.append(probe.batch("xxx..."))
            #expect(try await test.incidents(1, firing: 0).map(\.state) == [.resolved])
            _ = try await test.client.call(.deleteSilence, SilenceReference(id: silence.id))
            try await Self.pass(measurements, server, "other")
            #expect(server.posts.map(\.notice.incident.targetName) == ["other"])
            try await test.settled()
            #expect(server.posts.count == 1)
        }
    }

    @Test("let the end be told of what was told before them")
    func toldBefore() async throws {
        let server = try WebhookServer { _ in 200 }
        try await run { [measurements, probe] test in
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            _ = try await server.posts(1)
            try await test.settled()
            _ = try await test.client.call(.createSilence, Self.silence(of: probe))
            measurements.append(probe.batch("...", at: 3))
            #expect(try await server.posts(2).map(\.notice.transition) == [.firing, .resolved])
        }
    }

    @Test("let the end be told of what was on its way when they began")
    func onItsWay() async throws {
        let gate = Gate()
        let server = try WebhookServer { number in
            if number == 0 { await gate.wait() }
            return 200
        }
        try await run { [measurements, probe] test in
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            _ = try await server.posts(1)
            _ = try await test.client.call(.createSilence, Self.silence(of: probe))
            measurements.append(probe.batch("...", at: 3))
            _ = try await test.incidents(1, firing: 0)
            gate.open()
            #expect(try await server.posts(2).map(\.notice.transition) == [.firing, .resolved])
            try await test.settled()
            #expect(server.posts.count == 2)
        }
    }

    @Test("are about what fits all of their fields")
    func matching() async throws {
        try await run { [measurements, probe] test in
            measurements.append(probe.batch("xxx"))
            let incident = try #require(try await test.incidents(1, firing: 1).first)
            let to = Timestamp.now.advanced(by: .seconds(3_600))
            let fits = [
                NewSilence(reason: "rule", to: to, ruleID: incident.ruleID),
                NewSilence(reason: "target", to: to, targetID: incident.targetID),
                NewSilence(reason: "check", to: to, checkType: incident.checkType),
                NewSilence(reason: "agent", to: to, agentID: incident.agentID),
                NewSilence(reason: "severity", to: to, severity: incident.severity),
                NewSilence(reason: "two", to: to, targetID: incident.targetID, severity: incident.severity),
            ]
            let others = [
                NewSilence(reason: "target", to: to, targetID: .make()),
                NewSilence(reason: "check", to: to, checkType: .mtu),
                NewSilence(reason: "agent", to: to, agentID: .make()),
                NewSilence(reason: "severity", to: to, severity: .info),
                NewSilence(reason: "one of two", to: to, targetID: incident.targetID, severity: .info),
                NewSilence(reason: "later", from: to.advanced(by: .seconds(-60)), to: to, targetID: incident.targetID),
            ]
            for (new, isSilent) in fits.map({ ($0, true) }) + others.map({ ($0, false) }) {
                let silence = try await test.client.call(.createSilence, new)
                let shown = try await test.incidents.first?.silencedUntil
                #expect(shown == (isSilent ? silence.to : nil), "\(new.reason)")
                _ = try await test.client.call(.deleteSilence, SilenceReference(id: silence.id))
            }
        }
    }

    @Test("are listed, the latest first, and changed; and go with their rule, and with their target")
    func kept() async throws {
        try await run { [probe] test in
            let rule = try #require(try await test.client.call(.listRules, Empty()).rules.first)
            let to = Timestamp.now.advanced(by: .seconds(3_600))
            let first = try await test.client.call(.createSilence, NewSilence(reason: "1", to: to, ruleID: rule.id))
            #expect(first.createdBy == Person.editor.email)
            let later = first.from.advanced(by: .seconds(60))
            let second = try await test.client.call(
                .createSilence,
                NewSilence(reason: "2", from: later, to: to, targetID: probe.series.targetID)
            )
            #expect(try await test.client.call(.listSilences, Empty()).silences == [second, first])
            let changed = try await test.client.call(
                .updateSilence,
                SilenceChange(id: first.id, reason: "one", from: later.advanced(by: .seconds(1)))
            )
            #expect(changed.reason == "one" && changed.to == to && changed.ruleID == rule.id)
            #expect(try await test.client.call(.listSilences, Empty()).silences == [changed, second])
            #expect(try await test.client.call(.getSilence, SilenceReference(id: first.id)) == changed)
            _ = try await test.client.call(.deleteRule, RuleReference(id: rule.id))
            #expect(try await test.client.call(.listSilences, Empty()).silences == [second])
            let gone = ForgottenTargets(tenant: .first, targetIDs: [probe.series.targetID])
            _ = try await test.client.call(.retireTargets, gone)
            #expect(try await test.client.call(.listSilences, Empty()).silences == [])
        }
    }

    @Test("that make no sense are refused, with the field that is wrong")
    func refused() async throws {
        try await run { test in
            let now = Timestamp.now
            let (to, target) = (now.advanced(by: .seconds(60)), TargetID.make())
            let wrong: [(String, NewSilence)] = [
                ("reason", NewSilence(reason: "", to: to, targetID: target)),
                ("reason", NewSilence(reason: "a\nb", to: to, targetID: target)),
                ("to", NewSilence(reason: "a", from: to, to: to, targetID: target)),
                ("to", NewSilence(reason: "a", to: now.advanced(by: .seconds(-60)), targetID: target)),
                ("to", NewSilence(reason: "a", to: now.advanced(by: .seconds(32 * 86_400)), targetID: target)),
                ("target_id", NewSilence(reason: "a", to: to)),
            ]
            for (field, new) in wrong {
                let error = try await failure { try await test.client.call(.createSilence, new) }
                #expect(error.code == .invalidParams)
                #expect(error.data == ["field": .string(field)])
            }
            let rule = try #require(
                try await acting(as: .stranger) { try await test.client.call(.listRules, Empty()).rules }.first
            )
            for id in [rule.id, .make()] {
                let new = NewSilence(reason: "a", to: to, ruleID: id)
                #expect(try await failure { try await test.client.call(.createSilence, new) }.code == .notFound)
            }
            #expect(try await test.client.call(.listSilences, Empty()).silences == [])
        }
    }
}
