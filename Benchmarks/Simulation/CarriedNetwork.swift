import EventLoop
import Simulation

/// A network that carries real packets, and what it dealt to each echo request.
final class CarriedNetwork {
    private let carrier: TUNCarrier
    private var requests: [Int] = []
    private var sentAt: [Int: UInt64] = [:]
    private var endedAt: [Int: UInt64] = [:]

    init(_ text: String, on loop: EventLoop) throws {
        let description = try NetworkDescription(text: text)
        let network = SimulatedNetwork(description)
        carrier = try TUNCarrier(network, from: description.nodes[0], on: loop)
        network.record = { [unowned self] fate in note(fate) }
    }

    private func note(_ fate: PacketFate) {
        if let cause = fate.cause {
            endedAt[cause] = fate.endedAt
        } else {
            sentAt[fate.number] = fate.sentAt
            requests.append(fate.number)
        }
    }

    /// Ends the network; returns the round trip of each request in the order in which they were sent, in nanoseconds.
    func close() -> [UInt64?] {
        carrier.close()
        return requests.sorted().map { number in
            guard let start = sentAt[number], let end = endedAt[number] else { return nil }
            return end - start
        }
    }
}
