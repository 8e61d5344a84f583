import Contracts
import JSONRPC
import Observability
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Deliveries", .everyEngine, .timeLimit(.minutes(5)))
struct DeliveryTests {
    let directory: TemporaryDirectory
    let measurements = MeasurementLog()
    let probe = Probe()

    init() throws { directory = try TemporaryDirectory() }

    /// Runs the service by the real clock, with first retries after milliseconds.
    private func run(
        _ values: [String: String] = [:],
        _ body: @escaping @Sendable (AlertingCase) async throws -> Void
    ) async throws {
        let values = ["ALERTING_RETRY_FIRST": "2ms", "ALERTING_WEBHOOK_TIMEOUT": "300s"].merging(values) { _, own in own
        }
        try await AlertingCase.run(in: directory, measurements, values, now: { .now }, body)
    }

    @Test("are tried until they are acknowledged, each time by the same key")
    func retries() async throws {
        let server = try WebhookServer { [503, 429, 200][min($0, 2)] }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            let firing = try await server.posts(3)
            let incident = try #require(try await test.incidents.first)
            #expect(firing.map(\.notice.transition) == [.firing, .firing, .firing])
            #expect(Set(firing.map(\.key)).count == 1)
            #expect(firing.allSatisfy { $0.notice == firing[0].notice })
            #expect(firing[0].notice.incident.id == incident.id)
            #expect(firing[0].notice.incident.cause == incident.cause)
            #expect(firing[0].notice.receiver == "webhook")
            try await test.settled()
            measurements.append(probe.batch("...", at: 3))
            let resolved = try #require(try await server.posts(4).last)
            #expect(resolved.notice.transition == .resolved)
            #expect(resolved.notice.incident.state == .resolved)
            #expect(resolved.notice.incident.endedAt == Probe.time(3))
            #expect(resolved.key != firing[0].key)
            try await test.settled()
            #expect(server.posts.count == 4)
        }
    }

    @Test("of an end come after that of the beginning, which still says what began")
    func order() async throws {
        let gate = Gate()
        let server = try WebhookServer { number in
            if number == 0 { await gate.wait() }
            return number == 0 ? 500 : 204
        }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx..."))
            _ = try await test.incidents(1, firing: 0)
            _ = try await server.posts(1)
            gate.open()
            let posts = try await server.posts(3)
            #expect(posts.map(\.notice.transition) == [.firing, .firing, .resolved])
            #expect(posts[1].notice == posts[0].notice)
            #expect(posts[0].notice.incident.state == .firing)
            #expect(posts[0].notice.incident.endedAt == nil)
        }
    }

    @Test("of an end are for those alone who were told of the beginning")
    func resolvedOnlyAfterFiring() async throws {
        let refusing = try WebhookServer { _ in 410 }
        let late = try WebhookServer { _ in 200 }
        let taking = try WebhookServer { _ in 200 }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(refusing)
            try await test.addWebhook(taking)
            measurements.append(probe.batch("xxx"))
            _ = try await test.incidents(1, firing: 1)
            try await test.settled()
            try await test.addWebhook(late)
            measurements.append(probe.batch("...", at: 3))
            _ = try await test.incidents(1, firing: 0)
            try await test.settled()
            #expect(taking.posts.map(\.notice.transition) == [.firing, .resolved])
            #expect(refusing.posts.map(\.notice.transition) == [.firing])
            #expect(late.posts.isEmpty)
            #expect(test.sink.lines.contains { $0.contains("failed for good") && $0.contains("status 410") })
        }
    }

    @Test("to one receiver do not wait for another, slow one")
    func slowReceiver() async throws {
        let gate = Gate()
        let slow = try WebhookServer { _ in
            await gate.wait()
            return 200
        }
        let quick = try WebhookServer { _ in 200 }
        try await run { [measurements] test in
            try await measurements.followed()
            try await test.addWebhook(slow)
            try await test.addWebhook(quick)
            for number in 0..<20 { measurements.append(Probe("target-\(number)").batch("xxx")) }
            _ = try await quick.posts(20)
            #expect(slow.posts.count <= 2)
            gate.open()
            #expect(try await slow.posts(20).count == 20)
            try await test.settled()
            #expect(Set(slow.posts.map(\.key)).count == 20)
        }
    }

    @Test("under way when the process is told to stop are finished, and not made again")
    func drain() async throws {
        let gate = Gate()
        let server = try WebhookServer { _ in
            await gate.wait()
            return 200
        }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            _ = try await server.posts(1)
            async let drained: Void = test.alerting.drain()
            gate.open()
            await drained
            #expect(try await test.pending == 0)
        }
        try await run { test in
            try await test.settled()
            #expect(server.posts.count == 1)
        }
    }

    @Test("cut off before their acknowledgement are made again, by the same key")
    func killed() async throws {
        let gate = Gate()
        let server = try WebhookServer { _ in
            await gate.wait()
            return 200
        }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            _ = try await server.posts(1)
        }
        gate.open()
        try await run { test in
            let posts = try await server.posts(2)
            #expect(Set(posts.map(\.key)).count == 1)
            try await test.settled()
            #expect(server.posts.count == 2)
        }
    }

    @Test("do not go to a private address when that is not allowed, whatever its name")
    func privateAddresses() async throws {
        let server = try WebhookServer { _ in 200 }
        try await run(["ALERTING_WEBHOOK_ALLOW_PRIVATE": "false"]) { [measurements, probe] test in
            try await measurements.followed()
            let direct = NewReceiver(name: "direct", kind: .webhook, url: server.url())
            #expect(try await failure { try await test.client.call(.createReceiver, direct) }.code == .invalidParams)
            try await test.addWebhook(server, host: "localhost")
            measurements.append(probe.batch("xxx"))
            try await test.until { test.sink.lines.contains { $0.contains("forbidden") } }
            #expect(server.posts.isEmpty)
        }
    }

    @Test("are counted, like rules and incidents")
    func metrics() async throws {
        let server = try WebhookServer { $0 == 0 ? 500 : 200 }
        try await run { [measurements, probe] test in
            try await measurements.followed()
            try await test.addWebhook(server)
            measurements.append(probe.batch("xxx"))
            _ = try await server.posts(2)
            let expected: Set<Substring> = [
                "sonde_rules 1.0", "sonde_incidents_firing 1.0", "sonde_deliveries_pending 0.0",
                #"sonde_deliveries_total{outcome="delivered"} 2"#, #"sonde_deliveries_total{outcome="retried"} 1"#,
            ]
            try await test.until {
                let lines = Set(String(decoding: test.metrics.text(), as: UTF8.self).split(separator: "\n"))
                return lines.isSuperset(of: expected)
            }
        }
    }

    @Test("to the log are one line each")
    func log() async throws {
        try await run { [measurements, probe] test in
            try await measurements.followed()
            measurements.append(probe.batch("xxx"))
            try await test.settled()
            measurements.append(probe.batch("...", at: 3))
            _ = try await test.incidents(1, firing: 0)
            try await test.settled()
            let lines = test.sink.lines.filter { $0.contains("\"incident ") }
            #expect(lines.count == 2)
            #expect(lines.first?.contains(#""message":"incident firing""#) == true)
            #expect(lines.first?.contains(#""target":"router""#) == true)
            #expect(lines.last?.contains(#""message":"incident resolved""#) == true)
        }
    }
}

extension AlertingCase {
    func addWebhook(_ server: WebhookServer, host: String = "127.0.0.1") async throws {
        let new = NewReceiver(name: "webhook", kind: .webhook, url: server.url(host: host))
        _ = try await client.call(.createReceiver, new)
    }

    /// Deliveries that are not acknowledged yet.
    var pending: Int {
        get async throws { try await alerting.book.read { try $0.alertCounts() }.pending }
    }

    /// Waits until there is an incident and nothing of it is left to be told.
    func settled() async throws {
        try await until {
            let hasIncidents = try await !incidents.isEmpty
            let pending = try await pending
            return hasIncidents && pending == 0
        }
    }
}
