import Contracts
import Egress
import EventLoop
import Foundation
import Glibc
import Observability
import Probing
import TLS
import Testing

@testable import Simulation

/// A network that carries the packets of probes through the real kernel, and writes down what it did.
private final class CarriedNetwork {
    let carrier: TUNCarrier
    private(set) var fates: [PacketFate] = []

    /// To be made on `loop`, and used there.
    init(_ text: String, _ authority: SimulatedAuthority? = nil, on loop: EventLoop) throws {
        let description = try NetworkDescription(text: text)
        let vantage = try #require(description.nodes.first { $0.role == .vantage })
        let network = SimulatedNetwork(description, authority: authority)
        carrier = try TUNCarrier(network, from: vantage, on: loop)
        network.record = { [unowned self] in fates.append($0) }
    }
}

@Suite("Real packets in a simulated network", .enabled(if: geteuid() == 0), .timeLimit(.minutes(5)))
struct TUNTests {
    private static let text = """
        seed 11
        vantage here 10.77.0.2 fd77::2
        router r1 10.77.0.1 fd77::1
        host web 10.77.1.10 fd77:1::10 tcp:80 tcp:22=filtered
        link here r1 latency 1ms
        link r1 web latency 4ms loss 10%
        """

    @Test("are lost and delayed as the truth says", arguments: ["10.77.1.10", "fd77:1::10"])
    func truth(address: String) async throws {
        let target = try #require(IPAddress(address))
        let networkLoop = try await NetworkNamespace.loop(named: "network")
        let probeLoop = try await NetworkNamespace.loop(named: "probes", beside: networkLoop)
        defer {
            probeLoop.stop()
            networkLoop.stop()
        }
        let carried = try await withTaskExecutorPreference(networkLoop) {
            LoopBound(try CarriedNetwork(Self.text, on: networkLoop), on: networkLoop)
        }
        let results: [EchoResult] = await withTaskExecutorPreference(probeLoop) {
            let engine = LoopBound(ICMPEngine(on: probeLoop, kinds: [.ping]), on: probeLoop)
            defer { engine.value.close() }
            return await withTaskGroup(of: EchoResult.self) { group in
                for _ in 0..<200 {
                    group.addTask { await engine.value.echo(to: target, timeout: .seconds(5)) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        let fates = await withTaskExecutorPreference(networkLoop) {
            carried.value.carrier.close()
            return carried.value.fates
        }
        let replies = results.compactMap { try? $0.get() }
        let delivered = fates.filter { $0.destination != target && $0.outcome == .delivered }
        #expect(fates.filter { $0.destination == target }.count == 200)
        #expect(replies.count == delivered.count)
        #expect(results.count - replies.count == fates.filter { $0.outcome == .lost }.count)
        #expect((10...80).contains(results.count - replies.count))
        #expect(replies.allSatisfy { $0.roundTripNanoseconds >= 10_000_000 })
        #expect(fates.allSatisfy { $0.outcome != .delivered || $0.endedAt - $0.sentAt >= 5_000_000 })
    }

    @Test(
        "find ports open, closed and filtered",
        arguments: [(80, FailureReason.none), (81, .refused), (22, .timeout)]
    )
    func ports(port: Int, reason: FailureReason) async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let outcome = try await withTaskExecutorPreference(loop) {
            let text = Self.text.replacing(" loss 10%", with: "")
            let carried = try CarriedNetwork(text, on: loop)
            defer { carried.carrier.close() }
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var options = CheckOptions()
            options.port = port
            return await point.run(
                .tcp,
                of: "10.77.1.10",
                timeoutMilliseconds: reason == .timeout ? 300 : 5_000,
                options: options
            )[0].outcome
        }
        #expect(outcome.reason == reason)
        if reason == .none { #expect((outcome.latencyMilliseconds ?? 0) >= 10) }
    }

    @Test("are counted by a run of many as the truth counts them, with the class they were sent with")
    func run() async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let (outcome, fates) = try await withTaskExecutorPreference(loop) {
            let carried = try CarriedNetwork(Self.text, on: loop)
            defer { carried.carrier.close() }
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var options = CheckOptions()
            options.packets = 300
            options.gapMilliseconds = 1
            options.dscp = 46
            let results = await point.run(.icmp, of: "10.77.1.10", timeoutMilliseconds: 2_000, options: options)
            return (results[0].outcome, carried.fates)
        }
        let lost = fates.count { $0.outcome == .lost }
        #expect(lost > 0)
        #expect(outcome.status == .success)
        #expect(outcome.sent == 300)
        #expect(outcome.received == 300 - lost)
        #expect(try #require(outcome.latencyMilliseconds) >= 10)
    }

    @Test("bring pages over TLS, from a host that an authority vouches for")
    func secure() async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let text = """
            seed 4
            vantage here 10.77.0.2
            host web 10.77.0.10 https:443 https:8443=503 certificate=6d
            link here web latency 2ms loss 5%
            """
        let file = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID()).pem")
        defer { try? FileManager.default.removeItem(at: file) }
        let reasons = try await withTaskExecutorPreference(loop) {
            let authority = try SimulatedAuthority(for: NetworkDescription(text: text))
            try Data(authority.certificate.pem()).write(to: file)
            let carried = try CarriedNetwork(text, authority, on: loop)
            defer { carried.carrier.close() }
            let point = try VantagePoint(on: loop, trust: TrustedAuthorities(file: file.path))
            defer { point.close() }
            var reasons: [FailureReason] = []
            for (port, days) in [(443, 1), (443, 7), (8_443, 1)] {
                var options = CheckOptions()
                options.url = "https://10.77.0.10:\(port)/"
                options.bodyContains = "This is web."
                options.certificateDays = days
                let results = await point.run(.http, of: "web", timeoutMilliseconds: 20_000, options: options)
                reasons.append(results[0].outcome.reason)
            }
            let results = await point.run(
                .tls,
                of: "10.77.0.10:443",
                timeoutMilliseconds: 20_000,
                options: CheckOptions()
            )
            return reasons + [results[0].outcome.reason]
        }
        #expect(reasons == [.none, .certificate, .httpStatus, .none])
    }

    @Test("bring pages and names, over a link that loses some")
    func services() async throws {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        let outcomes: [ProbeOutcome] = try await withTaskExecutorPreference(loop) {
            let text = """
                seed 2
                vantage here 10.77.0.2
                host web 10.77.0.10 http:80 http:8080=503
                host ns 10.77.0.53 udp:53=dns
                link here web latency 2ms loss 10%
                link here ns latency 2ms
                """
            let carried = try CarriedNetwork(text, on: loop)
            defer { carried.carrier.close() }
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var outcomes: [ProbeOutcome] = []
            for port in [80, 80, 80, 80, 80, 8_080] {
                var options = CheckOptions()
                options.url = "http://10.77.0.10:\(port)/"
                options.bodyContains = "This is web."
                outcomes.append(
                    await point.run(.http, of: "10.77.0.10", timeoutMilliseconds: 20_000, options: options)[0].outcome
                )
            }
            for name in ["web.sim", "nobody.sim"] {
                var options = CheckOptions()
                options.query = name
                outcomes.append(
                    await point.run(.dns, of: "10.77.0.53", timeoutMilliseconds: 5_000, options: options)[0].outcome
                )
            }
            return outcomes
        }
        #expect(outcomes.prefix(5).map(\.reason) == Array(repeating: .none, count: 5))
        #expect(outcomes[5].reason == .httpStatus)
        #expect(outcomes[6].reason == .none)
        #expect(outcomes[7].reason != .none)
    }
}
