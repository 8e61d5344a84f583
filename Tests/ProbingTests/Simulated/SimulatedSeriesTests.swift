import Contracts
import EventLoop
import JSON
import Simulation
import Testing

@testable import Probing

@Suite("Series and sizes in a simulated network's own time")
struct SimulatedSeriesTests {
    private static func network(_ link: String = "latency 9ms", _ rest: String = "") -> String {
        """
        seed 5
        vantage here 10.0.0.2 fd00::2
        vantage there 10.0.0.3
        router r1 10.0.0.1 fd00::1
        host web 10.0.1.10 fd00:1::10 udp:7=echo udp:862=stamp udp:9=filtered
        link here r1 latency 1ms
        link there r1 latency 2ms
        link r1 web \(link)
        \(rest)
        """
    }

    @Test("takes as long as the network does", arguments: [CheckType.udp, .stamp])
    func times(type: CheckType) throws {
        let rows = try SimulatedRows(Self.network(), type, of: "web") { $0.packets = 10 }
        #expect(rows.outcomes.count >= 11)
        #expect(rows.reasons == [.none])
        #expect(rows.latencies == [20])
        #expect(rows.outcomes.allSatisfy { ($0.sent, $0.received) == (10, 10) })
        #expect(try rows.values("time_source").allSatisfy { $0 == .string("simulation") })
        let from = try SimulatedRows(Self.network(), type, of: "web", at: "there")
        #expect(from.latencies == [22])
        let v6 = try SimulatedRows(Self.network(), type, of: "web") { $0.endpoints = .ipv6 }
        #expect(v6.latencies == [20])
        #expect(try v6.values("address").allSatisfy { $0 == .string("fd00:1::10") })
    }

    @Test("loses what the truth says is lost", arguments: [CheckType.udp, .stamp])
    func loss(type: CheckType) throws {
        let network = Self.network("latency 5ms..9ms loss 10% duplicate 2%")
        func run() throws -> SimulatedRows {
            try SimulatedRows(network, type, of: "web", for: .seconds(600)) { $0.packets = 50 }
        }
        let rows = try run()
        #expect(try run().outcomes == rows.outcomes)
        let sent = rows.outcomes.reduce(0) { $0 + $1.sent }
        let received = rows.outcomes.reduce(0) { $0 + $1.received }
        // Of what answers a datagram the first counts, be it to a copy or one itself.
        let answers = rows.fates.filter { $0.destination == IPAddress("10.0.0.2") && $0.outcome == .delivered }
        let answered = Set(answers.compactMap(\.cause))
        #expect(sent == 50 * rows.outcomes.count)
        #expect(received == answered.count)
        #expect((sent * 75 / 100..<sent * 87 / 100).contains(received))
    }

    @Test("tells which way lost a datagram, and how long each takes")
    func directions() throws {
        let rows = try SimulatedRows(Self.network("latency 9ms loss 10%"), .stamp, of: "web", for: .seconds(600)) {
            $0.packets = 50
        }
        func sum(_ key: String) throws -> Int { try rows.values(key).reduce(0) { $0 + ($1?.integer ?? 0) } }
        let (forward, backward) = (try sum("forward_lost"), try sum("backward_lost"))
        let end = try sum("lost_at_the_end")
        func lost(to address: String) -> Int {
            rows.fates.count { $0.destination == IPAddress(address) && $0.outcome == .lost }
        }
        // What is lost behind the last answer has no direction.
        #expect((0...end).contains(lost(to: "10.0.1.10") - forward))
        #expect((0...end).contains(lost(to: "10.0.0.2") - backward))
        #expect(forward + backward + end == lost(to: "10.0.1.10") + lost(to: "10.0.0.2"))
        #expect(try rows.values("forward_ms").allSatisfy { $0?.integer == 10 })
        #expect(try rows.values("backward_ms").allSatisfy { $0?.integer == 10 })
        #expect(try rows.values("clock_error_ms").allSatisfy { $0?.integer == 0 })
    }

    @Test(
        "fails as a real one does",
        arguments: [
            (7, CheckType.udp, FailureReason.none), (8, .udp, .refused), (9, .udp, .timeout), (8, .stamp, .refused),
        ]
    )
    func failures(port: Int, type: CheckType, reason: FailureReason) throws {
        let rows = try SimulatedRows(Self.network(), type, of: "web") { ($0.port, $0.packets) = (port, 3) }
        #expect(rows.outcomes.count >= 11)
        #expect(rows.reasons == [reason])
    }

    @Test("tells the delay of each way, and in which a fault lies")
    func ways() throws {
        let fault = "fault web r1 one-way loss 50% from 300s to 600s"
        let network = Self.network("latency 9ms back latency 29ms~2ms", fault)
        let rows = try SimulatedRows(network, .stamp, of: "web", for: .seconds(600)) { $0.packets = 40 }
        #expect(try rows.values("forward_ms").allSatisfy { $0?.integer == 10 })
        let backward = rows.fates.filter { $0.destination == IPAddress("10.0.0.2") && $0.outcome == .delivered }
        let mean = backward.reduce(0) { $0 + Double($1.endedAt - $1.sentAt) } / Double(backward.count) / 1_000_000
        let told = try rows.values("backward_ms").compactMap { $0?.number }
        #expect(told.count == rows.outcomes.count)
        #expect(abs(told.reduce(0, +) / Double(told.count) - mean) < 0.1)
        #expect(try rows.values("forward_lost").allSatisfy { $0 == .int(0) })
        let lost = try rows.values("backward_lost").map { $0?.integer ?? 0 }
        #expect(lost.prefix(59).allSatisfy { $0 == 0 })
        #expect(lost.suffix(50).allSatisfy { (5...35).contains($0) })
    }

    @Test("is reflected for as long as one likes: sessions that are over are forgotten")
    func sessions() throws {
        let rows = try SimulatedRows(Self.network(), .stamp, of: "web", every: 2_000, for: .seconds(24_000))
        #expect(rows.outcomes.count > 11_990)
        #expect(rows.reasons == [.none])
        #expect(try rows.values("forward_lost").allSatisfy { $0 == .int(0) })
    }

    @Test(
        "finds the largest packet, and how it is known",
        arguments: [
            ("latency 9ms", "", 1_500, "interface"), ("latency 9ms mtu 1400", "", 1_400, "notice"),
            ("latency 9ms mtu 1400", "silent", 1_400, "silence"),
        ]
    )
    func size(link: String, router: String, bytes: Int, evidence: String) throws {
        let network = Self.network(link).replacing("fd00::1\n", with: "fd00::1 \(router)\n")
        for family in [EndpointChoice.ipv4, .ipv6] {
            let rows = try SimulatedRows(network, .mtu, of: "web", every: 20_000) { $0.endpoints = family }
            #expect(rows.outcomes.count >= 2)
            #expect(try rows.values("mtu_bytes").allSatisfy { $0 == .int(bytes) })
            #expect(try rows.values("evidence").allSatisfy { $0 == .string(evidence) })
            #expect(rows.latencies == [20])
        }
    }
}

extension JSONValue {
    fileprivate var integer: Int? {
        if case .int(let value) = self { value } else { nil }
    }

    fileprivate var number: Double? {
        if case .double(let value) = self { value } else { integer.map(Double.init) }
    }
}
