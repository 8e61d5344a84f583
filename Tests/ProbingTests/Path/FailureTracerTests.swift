import Contracts
import EventLoop
import JSON
import Testing

@testable import Probing

@Suite("Failure tracer", .enabled(if: NetworkLoop.isPossible), .timeLimit(.minutes(5)))
struct FailureTracerTests {
    private static let network = """
        seed 4
        vantage here 10.0.0.2
        router r1 10.0.0.1
        router r2 10.0.1.1
        host web 10.0.4.10 tcp:443=filtered
        host mute 10.0.4.11 silent
        link here r1 latency 1ms
        link r1 r2 latency 1ms
        link r2 web latency 1ms
        link r2 mute latency 1ms
        """

    /// Everything that two runs of a check report, and the trace that the first one asks for, if it does.
    private func results(
        _ type: CheckType,
        _ address: String,
        traces: Int,
        _ configure: @Sendable (inout CheckOptions) -> Void = { _ in }
    ) async throws -> [CheckResult] {
        try await CarriedPaths.run(Self.network) { _, loop in
            let point = try VantagePoint(on: loop)
            defer { point.close() }
            var options = CheckOptions()
            options.confirmations = 1
            configure(&options)
            let runner = CheckRunner(type, of: address, timeoutMilliseconds: 200, options: options, from: point)
            let bound = LoopBound((point, runner), on: loop)
            let (stream, reports) = AsyncStream.makeStream(of: CheckResult.self)
            return await withTaskGroup { group in
                group.addTask { await bound.value.0.failures.run() }
                group.addTask {
                    for _ in 0..<2 { await bound.value.1.run { reports.yield($0) } }
                }
                var results: [CheckResult] = []
                for await result in stream {
                    results.append(result)
                    if results.count == 2 + traces { break }
                }
                group.cancelAll()
                return results
            }
        }
    }

    @Test("follows the way while a failure is looked at again, once, and links the two", arguments: ["icmp", "tcp"])
    func linked(type: String) async throws {
        let type = try #require(CheckType(rawValue: type))
        let results = try await results(type, type == .icmp ? "10.0.4.11" : "10.0.4.10", traces: 1)
        let failures = results.filter { $0.type == type }
        let trace = try #require(results.first { $0.type == .trace })
        #expect(failures.map(\.outcome.reason) == [.timeout, .timeout])
        #expect(failures[0].outcome.text("trace") == trace.id.description)
        #expect(failures[1].outcome.facts["trace"] == nil)
        #expect(trace.outcome.text("cause") == failures[0].id.description)
        #expect(trace.outcome.text("mode") == type.rawValue)
        guard case .object(let hops)? = trace.outcome.facts["hops"], case .array(let addresses)? = hops["address"]
        else {
            Issue.record("no hops: \(trace.outcome.facts)")
            return
        }
        #expect(addresses.prefix(2) == [.string("10.0.0.1"), .string("10.0.1.1")])
        let delay = failures[0].outcome.startedAt.duration(to: trace.outcome.startedAt)
        #expect(delay < .milliseconds(200) + .seconds(1))
    }

    @Test("leaves alone what was not asked for, and what answers")
    func unwanted() async throws {
        let off = try await results(.icmp, "10.0.4.11", traces: 0) { $0.traceOnFailure = false }
        #expect(off.map(\.type) == [.icmp, .icmp])
        let kept = try await results(.tcp, "10.0.4.10", traces: 0) { $0.mustNotConnect = true }
        #expect(kept.map(\.outcome.status) == [.success, .success])
        let well = try await results(.icmp, "10.0.4.10", traces: 0)
        #expect(well.map(\.outcome.status) == [.success, .success])
    }
}
