import Contracts
import EventLoop
import Simulation
import Testing

@testable import Probing

/// A simulated network with its first vantage point, whose truth is kept.
final class SimulatedPaths {
    let network: SimulatedNetwork
    let vantage: SimulatedVantage
    private let description: NetworkDescription
    private(set) var fates: [PacketFate] = []

    init(_ text: String) throws {
        description = try NetworkDescription(text: text)
        network = SimulatedNetwork(description)
        vantage = SimulatedVantage(network, at: try #require(description.nodes.first { $0.role == .vantage }))
        network.record = { [unowned self] in fates.append($0) }
    }

    /// Traces to a node, and lets the time pass that this takes.
    func trace(_ name: String, isV6: Bool = false, _ options: TraceOptions) throws -> PathTrace {
        let target = try #require(address(name, isV6: isV6))
        var result: PathTrace?
        PathTracer.run(to: target, options, from: vantage, in: network) { result = $0 }
        while result == nil, let next = network.nextEvent { network.run(until: next) }
        return try #require(result)
    }

    func address(_ name: String, isV6: Bool) -> IPAddress? {
        description.nodes.first { $0.name == name }?.addresses.first { $0.isV4 != isV6 }
    }

    /// Names of the nodes along a flow's way, `-` for the silent ones.
    func names(_ flow: PathTrace.Flow) -> [String] {
        flow.path.map { address in
            guard let address else { return "-" }
            return description.nodes.first { $0.addresses.contains(address) }?.name ?? "?"
        }
    }

    /// The ways that packets took to a node, without where they began; those that came to it.
    func dealtWays(to address: IPAddress) -> Set<[String]> {
        Set(fates.filter { $0.destination == address && $0.outcome == .delivered }.map { Array($0.path.dropFirst()) })
    }
}

extension TraceOptions {
    static func test(_ mode: TraceMode, _ change: (inout TraceOptions) -> Void = { _ in }) -> TraceOptions {
        var options = TraceOptions(mode)
        // A machine that is busy with other tests is no silent router.
        (options.hopTimeout, options.patience) = (.seconds(2), .seconds(2))
        change(&options)
        return options
    }
}
