import EventLoop
import Probing
import Simulation

/// How far measured times are from those that the network dealt.
struct TruthBenchmark: Sendable {
    private static let network = """
        vantage here 10.77.0.2
        router r1 10.77.0.1
        host web 10.77.1.10
        link here r1 latency 1ms
        link r1 web latency 4ms..6ms
        """
    private static let echoesPerSecond = 10_000
    private static let echoCount = 50_000

    /// Prints a line for each number; returns whether all are good enough.
    func run() async throws -> Bool {
        let networkLoop = try await NetworkNamespace.loop(named: "network", watchfulness: .milliseconds(1))
        let probeLoop = try await NetworkNamespace.loop(named: "probes", beside: networkLoop)
        let carried = try await withTaskExecutorPreference(networkLoop) {
            LoopBound(try CarriedNetwork(Self.network, on: networkLoop), on: networkLoop)
        }
        let measured = try await withTaskExecutorPreference(probeLoop) {
            try await EchoSender(on: probeLoop).run(Self.echoCount, perSecond: Self.echoesPerSecond)
        }
        let dealt = await withTaskExecutorPreference(networkLoop) { carried.value.close() }
        return report(measured, dealt)
    }

    private func report(_ measured: [UInt64?], _ dealt: [UInt64?]) -> Bool {
        // Microseconds by which each time that was measured differs from the one that was dealt.
        let errors = zip(measured, dealt).compactMap { measured, dealt -> Double? in
            guard let measured, let dealt else { return nil }
            return abs(Double(measured) - Double(dealt)) / 1_000
        }.sorted()
        guard dealt.count == Self.echoCount, errors.count > Self.echoCount * 99 / 100 else {
            print("of \(Self.echoCount) echoes \(dealt.count) were sent, and \(errors.count) came back")
            return false
        }
        print("name value peer ratio at-least")
        return [("median", 0.5, 20.0), ("p99", 0.99, 200.0)].map { name, share, limit in
            let error = errors[Int((share * Double(errors.count)).rounded(.up)) - 1]
            let ratio = (limit / error * 100).rounded() / 100
            let isEnough = error <= limit
            let verdict = isEnough ? "ok" : "SHORT"
            print("sim-rtt-error-\(name)-us/limit", (error * 100).rounded() / 100, limit, ratio, 1, verdict)
            return isEnough
        }.allSatisfy { $0 }
    }
}
