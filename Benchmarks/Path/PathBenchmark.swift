import EventLoop
import Foundation
import Simulation

/// What it costs to trace a path.
struct PathBenchmark: Sendable {
    /// To the target, which is the last.
    static let hops = 12
    private static let target = "10.78.99.10"
    private static let rounds = 40
    private static let traces = 10

    /// Routers a millisecond apart, of which the fourth says nothing.
    private static let network: String = {
        var text = "vantage here 10.78.0.2\nhost web \(target)\n"
        for hop in 1..<hops {
            text += "router r\(hop) 10.78.\(hop).1\(hop == 4 ? " silent" : "")\n"
            text += "link \(hop == 1 ? "here" : "r\(hop - 1)") r\(hop) latency 1ms\n"
        }
        return text + "link r\(hops - 1) web latency 1ms"
    }()

    private struct Costs: Sendable {
        var ours: Cost
        var peer: Cost
    }

    /// Prints a line for each number; returns whether all are good enough.
    func run() async throws -> Bool {
        let networkLoop = try await NetworkNamespace.loop(named: "network")
        let programs = try await NetworkNamespace.loop(named: "programs", beside: networkLoop)
        let carrier = try await withTaskExecutorPreference(networkLoop) {
            let description = try NetworkDescription(text: Self.network)
            let network = SimulatedNetwork(description)
            return LoopBound(try TUNCarrier(network, from: description.nodes[0], on: networkLoop), on: networkLoop)
        }
        let lines = await withTaskExecutorPreference(programs) { Self.measure() }
        await withTaskExecutorPreference(networkLoop) { carrier.value.close() }
        guard let lines else {
            print("a program could not be run, or did not reach the target")
            return false
        }
        print("name value peer ratio at-least")
        return lines.map { $0.print() }.allSatisfy { $0 }
    }

    private struct Line: Sendable {
        var name: String
        var ours: Double
        var peer: Double
        var limit: Double

        func print() -> Bool {
            let ratio = peer / ours
            let numbers = [ours, peer, ratio].map { "\(($0 * 100).rounded() / 100)" }.joined(separator: " ")
            Swift.print(name, numbers, limit, ratio >= limit ? "ok" : "SHORT")
            return ratio >= limit
        }
    }

    /// To be called on a thread of the network's namespace, which it blocks.
    private static func measure() -> [Line]? {
        let own = CommandLine.arguments[0]
        // One round of mtr's is one trace of ours; both pause as long between packets as they have to.
        guard let rounds = Cost.measure(own, ["trace", "icmp", target, "\(rounds)", "0"]),
            let mtr = Cost.measure("/usr/bin/mtr", ["-n", "-r", "-c", "\(Self.rounds)", "-i", "0.1", target]),
            let first = Cost.measure(own, ["trace", "udp", target, "1", "0"]),
            let many = Cost.measure(own, ["trace", "udp", target, "\(traces + 1)", "0"])
        else { return nil }
        var peer = Cost(processor: 0, wall: 0)
        for _ in 0..<traces {
            guard let cost = Cost.measure("/usr/sbin/traceroute", ["-n", "-q", "1", target]) else { return nil }
            peer.processor += cost.processor
            peer.wall += cost.wall
        }
        let count = Double(traces)
        return [
            Line(
                name: "path-round-cpu-us/mtr",
                ours: rounds.processor / Double(Self.rounds),
                peer: mtr.processor / Double(Self.rounds),
                limit: 1.3
            ),
            Line(
                name: "path-trace-cpu-us/traceroute",
                ours: (many.processor - first.processor) / count,
                peer: peer.processor / count,
                limit: 1.3
            ),
            Line(
                name: "path-trace-wall-us/traceroute",
                ours: (many.wall - first.wall) / count,
                peer: peer.wall / count,
                limit: 1
            ),
        ]
    }
}
