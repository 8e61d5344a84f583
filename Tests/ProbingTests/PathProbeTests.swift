import Contracts
import Egress
import EventLoop
import JSON
import Testing

@testable import Probing

@Suite("Probes of paths and series", .enabled(if: NetworkLoop.isPossible), .timeLimit(.minutes(5)))
struct PathProbeTests {
    private static let network = """
        seed 4
        vantage here 10.0.0.2 fd00::2
        router r1 10.0.0.1 fd00::1
        router r2 10.0.1.1 fd01::1 silent
        router r3 10.0.2.1 fd02::1
        host web 10.0.4.10 fd04::10 tcp:443 udp:7=echo udp:862=stamp
        link here r1 latency 1ms
        link r1 r2 latency 1ms
        link r2 r3 latency 1ms mtu 1400
        link r3 web latency 1ms
        """

    private func run(
        _ type: CheckType,
        _ address: String,
        timeout: Int = 1_000,
        times: Int = 1,
        _ configure: @Sendable (inout CheckOptions) -> Void = { _ in }
    ) async throws -> (outcome: ProbeOutcome, metadata: [String: JSONValue]) {
        let outcome = try await CarriedPaths.run(Self.network) { _, loop in
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var options = CheckOptions()
            configure(&options)
            var outcome: ProbeOutcome?
            for _ in 0..<times {
                outcome = await point.run(type, of: address, timeoutMilliseconds: timeout, options: options)[0].outcome
            }
            return try #require(outcome)
        }
        guard case .object(let members) = try JSONValue(json: outcome.metadata.bytes[...]) else {
            return (outcome, [:])
        }
        return (outcome, members)
    }

    @Test("A look that ends in an error tells what was known by then")
    func failedLook() async throws {
        let outcome = try await CarriedPaths.run(Self.network) { _, loop in
            let gate = AddressGate(DNSResolver(on: loop))
            return await Destination(host: "10.0.4.10").look(by: gate, timeout: .seconds(1)) {
                look throws(ProbingError) in
                look.metadata.integer("port", 862)
                throw ProbingError(.permission, "not here")
            }
        }
        #expect(outcome.reason != .none)
        let metadata = try JSONValue(json: outcome.metadata.bytes[...])
        #expect(metadata["address"] == .string("10.0.4.10"))
        #expect(metadata["port"] == .int(862))
    }

    private func texts(_ value: JSONValue?, _ key: String) -> [String?] {
        guard case .object(let members) = value, case .array(let items) = members[key] else { return [] }
        return items.map { if case .string(let text) = $0 { text } else { nil } }
    }

    @Test("trace: has every hop", arguments: TraceMode.allCases)
    func trace(mode: TraceMode) async throws {
        let (outcome, metadata) = try await run(.trace, "10.0.4.10", times: 2) { ($0.mode, $0.packets) = (mode, 2) }
        #expect(outcome.status == .success)
        #expect((outcome.sent, outcome.received) == (2, 2))
        #expect(outcome.latencyMilliseconds ?? 0 >= 8)
        #expect(texts(metadata["hops"], "address") == ["10.0.0.1", nil, "10.0.2.1", "10.0.4.10"])
        #expect(metadata["changed_hop"] == nil)
        #expect(outcome.metadata.bytes.count <= ProbeMetadata.maximumBytes)
    }

    @Test("trace: tells a target that is not there from one that is silent")
    func traceFailures() async throws {
        let (lost, _) = try await run(.trace, "10.0.9.9", timeout: 200) { $0.gapMilliseconds = 1 }
        #expect(lost.reason == .unreachable)
        #expect(lost.latencyMilliseconds == nil && lost.received == 0)
    }

    @Test("trace: fits into a row, however much there is of it")
    func bounded() throws {
        let address = try #require(IPAddress("2001:db8:1234:5678:9abc:def0:1234:5678"))
        var cell = TraceCell()
        for _ in 0..<3 {
            cell.sent += 1
            cell.take(
                TraceAnswer(meaning: .transit, sender: address, roundTripNanoseconds: 123_456_789, timeSource: .user)
            )
        }
        for flows in [1, 8, 32] {
            for hops in [1, 30, 64] {
                let trace = PathTrace(
                    target: address,
                    mode: .icmp,
                    hops: (1...hops).map { PathTrace.Hop(number: $0, cells: [cell]) },
                    flows: Array(
                        repeating: PathTrace.Flow(path: Array(repeating: address, count: hops), ending: .silent),
                        count: flows
                    ),
                    sent: 1
                )
                var metadata = ProbeMetadata()
                metadata.text("address", address.description)
                metadata.add(trace)
                #expect(metadata.bytes.count <= ProbeMetadata.maximumBytes)
                #expect(String(decoding: metadata.bytes, as: UTF8.self).contains("\"hops\""))
                #expect(throws: Never.self) { try JSONValue(json: metadata.bytes[...]) }
            }
        }
    }

    @Test("mtu: finds the largest packet", arguments: ["10.0.4.10", "fd04::10"])
    func mtu(address: String) async throws {
        let (outcome, metadata) = try await run(.mtu, address, timeout: 200)
        #expect(outcome.status == .success)
        #expect(metadata["mtu_bytes"] == .int(1400))
        // Of the two packets that are too big one comes to a router that says so, and one to a silent one.
        #expect(metadata["evidence"] != nil)
        #expect(try await run(.mtu, "10.0.9.9", timeout: 50).outcome.status != .success)
    }

    @Test("udp: counts what comes back")
    func udp() async throws {
        let (outcome, metadata) = try await run(.udp, "10.0.4.10") { ($0.packets, $0.gapMilliseconds) = (10, 1) }
        #expect((outcome.sent, outcome.received) == (10, 10))
        #expect(outcome.latencyMilliseconds ?? 0 >= 8)
        #expect(metadata["jitter_ms"] != nil && metadata["duplicates"] == .int(0))
        #expect(try await run(.udp, "10.0.4.10:9").outcome.reason == .refused)
        #expect(try await run(.udp, "10.0.4.10") { $0.port = 70_000 }.outcome.reason == .local)
    }

    @Test("stamp: tells losses by direction")
    func stamp() async throws {
        let (outcome, metadata) = try await run(.stamp, "10.0.4.10") { ($0.packets, $0.gapMilliseconds) = (5, 1) }
        #expect((outcome.sent, outcome.received) == (5, 5))
        #expect(metadata["forward_lost"] == .int(0) && metadata["backward_lost"] == .int(0))
        #expect(metadata["forward_ms"] == nil)
    }
}
