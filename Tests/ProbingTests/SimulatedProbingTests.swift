import Contracts
import Egress
import EventLoop
import Simulation
import Testing

@testable import Probing

@Suite("Probing a simulated network in its own time")
struct SimulatedProbingTests {
    private static let network = """
        seed 5
        vantage here 10.0.0.2
        router r1 10.0.0.1
        host web 10.0.1.10 tcp:443 tcp:22=filtered udp:53=dns
        link here r1 latency 1ms
        link r1 web latency 9ms+1ms loss 1%
        fault r1 web latency 40ms from 60s to 90s
        """

    private static let agent = AgentID(rawValue: "01890000-0000-7000-8000-00000000000a")
    private static let start = Timestamp(microseconds: 1_700_000_000_123_456)

    private static func check(
        _ number: Int,
        _ type: CheckType,
        every interval: Int,
        port: Int? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) -> Check {
        var options = CheckOptions()
        options.port = port
        configure(&options)
        return Check(
            id: CheckID(rawValue: "01890000-0000-7000-8000-00000000000\(number)"),
            targetID: TargetID(rawValue: "01890000-0000-7000-8000-0000000000ff"),
            type: type,
            intervalMilliseconds: interval,
            timeoutMilliseconds: 3_000,
            options: options,
            enabled: true,
            createdAt: start,
            updatedAt: start
        )
    }

    private struct Row: Equatable {
        var check: CheckID
        var outcome: ProbeOutcome
    }

    private static func rows(seed: Int = 5, of checks: [Check], for duration: Duration) throws -> [Row] {
        let text = network.replacing("seed 5", with: "seed \(seed)")
        let probing = try SimulatedProbing(NetworkDescription(text: text), agent: agent, start: start)
        for check in checks { try probing.add(check, of: "web") }
        var rows: [Row] = []
        probing.run(for: duration) { rows.append(Row(check: $0, outcome: $1)) }
        return rows
    }

    @Test("makes the same rows of the same seed, and others of another")
    func repeatable() throws {
        let checks = [Self.check(1, .icmp, every: 1_000), Self.check(2, .tcp, every: 700)]
        let rows = try Self.rows(of: checks, for: .seconds(600))
        #expect(rows.count > 1_400)
        #expect(try Self.rows(of: checks, for: .seconds(600)) == rows)
        #expect(try Self.rows(seed: 6, of: checks, for: .seconds(600)) != rows)
    }

    @Test("fires on the grid of the wall clock, and sees what the network does")
    func truth() throws {
        let rows = try Self.rows(of: [Self.check(1, .icmp, every: 4_000)], for: .seconds(240))
        #expect((59...60).contains(rows.count))
        let phases = Set(rows.map { $0.outcome.startedAt.microseconds % 4_000_000 })
        #expect(phases.count == 1)
        for row in rows {
            let second = Double(row.outcome.startedAt.microseconds - Self.start.microseconds) / 1_000_000
            guard let latency = row.outcome.latencyMilliseconds else {
                #expect(row.outcome.reason == .timeout)
                continue
            }
            let isSlow = (60..<89.9).contains(second)
            #expect(isSlow ? latency >= 100 : latency >= 20)
            #expect(isSlow || (89.9...90).contains(second) || latency < 100)
        }
    }

    @Test(
        "tells ports apart",
        arguments: [(443, FailureReason.none), (80, .refused), (22, .timeout)]
    )
    func ports(port: Int, reason: FailureReason) throws {
        let rows = try Self.rows(of: [Self.check(1, .tcp, every: 10_000, port: port)], for: .seconds(60))
        #expect(rows.count >= 5)
        #expect(rows.allSatisfy { $0.outcome.reason == reason })
        #expect(rows.allSatisfy { ($0.outcome.latencyMilliseconds != nil) == (reason == .none) })
    }

    @Test("traces the way, and tells of no change where there is none")
    func traces() throws {
        let rows = try Self.rows(of: [Self.check(1, .trace, every: 2_500)], for: .seconds(600))
        #expect(rows.count > 220)
        let texts = rows.map { String(decoding: $0.outcome.metadata.bytes, as: UTF8.self) }
        #expect(texts.allSatisfy { $0.contains("\"mode\":\"icmp\"") && !$0.contains("changed_hop") })
        #expect(rows.count { $0.outcome.status == .success } > rows.count * 9 / 10)
    }

    @Test("sends as many packets a run as are wanted, and counts those of each")
    func packets() throws {
        let check = Self.check(1, .icmp, every: 5_000) { ($0.packets, $0.gapMilliseconds) = (10, 20) }
        let probing = try SimulatedProbing(NetworkDescription(text: Self.network), agent: Self.agent, start: Self.start)
        var delivered = 0
        probing.network.record = { fate in
            if fate.destination.description == "10.0.0.2", fate.outcome == .delivered { delivered += 1 }
        }
        try probing.add(check, of: "web")
        var rows: [ProbeOutcome] = []
        probing.run(for: .seconds(600)) { rows.append($1) }
        #expect(rows.count >= 119)
        #expect(rows.allSatisfy { $0.sent == 10 })
        let received = rows.reduce(0) { $0 + $1.received }
        #expect(received > rows.count * 9 && received < rows.count * 10)
        // The last run may not have ended.
        #expect((0..<10).contains(delivered - received))
    }

    @Test("asks name servers, a second time when the first question is lost")
    func names() throws {
        let known = Self.check(1, .dns, every: 5_000) { ($0.query, $0.expectedAnswer) = ("web.sim", "10.0.1.10") }
        let unknown = Self.check(2, .dns, every: 5_000) { $0.query = "nobody.sim" }
        let root = Self.check(3, .dns, every: 5_000)
        let rows = try Self.rows(of: [known, unknown, root], for: .seconds(3_000))
        for check in [known, root] {
            let outcomes = rows.filter { $0.check == check.id }.map(\.outcome)
            #expect(outcomes.count >= 598)
            // Two in a hundred take the second question, and four in 10,000 would take a third.
            #expect(outcomes.count { $0.reason == .none } >= outcomes.count - 2)
            #expect((2...40).contains(outcomes.count { ($0.latencyMilliseconds ?? 0) > 1_000 }))
        }
        let refused = rows.filter { $0.check == unknown.id }.map(\.outcome)
        #expect(refused.count { $0.reason == .dnsAnswer } >= refused.count - 2)
    }

    @Test("runs no check beside itself")
    func overlap() throws {
        let probing = try SimulatedProbing(NetworkDescription(text: Self.network), agent: Self.agent, start: Self.start)
        try probing.add(Self.check(1, .tcp, every: 1_000, port: 22), of: "10.0.1.10")
        var count = 0
        probing.run(for: .seconds(60)) { _, _ in count += 1 }
        #expect((13...20).contains(count))
        #expect((39...47).contains(probing.overlapping))
    }

    @Test("refuses what it cannot do")
    func refusals() throws {
        let probing = try SimulatedProbing(NetworkDescription(text: Self.network), agent: Self.agent, start: Self.start)
        #expect(throws: EgressError.self) { try probing.add(Self.check(1, .host, every: 5_000), of: "web") }
        #expect(throws: EgressError.self) { try probing.add(Self.check(1, .icmp, every: 5_000), of: "nobody") }
        let question = Self.check(1, .dns, every: 1_000) { $0.query = "a b" }
        #expect(throws: EgressError.self) { try probing.add(question, of: "web") }
        let overTLS = Self.check(1, .dns, every: 1_000) { $0.transport = .tls }
        #expect(throws: EgressError.self) { try probing.add(overTLS, of: "web") }
        let nowhere = try NetworkDescription(text: "host web 10.0.0.1")
        #expect(throws: EgressError.self) {
            try SimulatedProbing(nowhere, agent: Self.agent, start: Self.start)
        }
    }
}
