import EventLoop
import Simulation
import Testing

/// A simulated network that carries the packets of probes through the real kernel, and keeps what became of them.
///
/// To be made, used and closed on `loop`.
final class CarriedPaths {
    let network: SimulatedNetwork
    private let carrier: TUNCarrier
    private let description: NetworkDescription
    private(set) var fates: [PacketFate] = []

    init(_ text: String, on loop: EventLoop) throws {
        description = try NetworkDescription(text: text)
        let vantage = try #require(description.nodes.first { $0.role == .vantage })
        network = SimulatedNetwork(description)
        carrier = try TUNCarrier(network, from: vantage, on: loop)
        network.record = { [unowned self] in fates.append($0) }
    }

    /// Runs `body` on a loop in a namespace of its own, whose packets go through a network.
    static func run<Result: Sendable>(
        _ text: String,
        _ body: @Sendable (CarriedPaths, EventLoop) async throws -> Result
    ) async throws -> Result {
        let loop = try await NetworkNamespace.loop(named: "network")
        defer { loop.stop() }
        return try await withTaskExecutorPreference(loop) {
            let paths = try CarriedPaths(text, on: loop)
            defer { paths.close() }
            return try await body(paths, loop)
        }
    }

    func close() { carrier.close() }

    func address(_ name: String, isV6: Bool = false) -> IPAddress? {
        description.nodes.first { $0.name == name }?.addresses.first { $0.isV4 != isV6 }
    }

    /// The node with an address; `-` for none.
    func name(_ address: IPAddress?) -> String {
        guard let address else { return "-" }
        return description.nodes.first { $0.addresses.contains(address) }?.name ?? "?"
    }
}
