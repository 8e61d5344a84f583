import Contracts
import Egress
import EventLoop
import Simulation
import TLS

/// Where simulated probes stand: at a vantage of a network, with its clock, and with trust in its authority alone.
final class SimulatedPoint {
    let network: SimulatedNetwork
    let vantage: SimulatedVantage
    private let nodes: [NetworkDescription.Node]
    /// What the wall's clock says when the network begins.
    private let start: Timestamp
    private let authority: SimulatedAuthority
    private var contexts: [[String]: TLSContext] = [:]
    private var identifiers: UInt16 = 0

    /// Throws `badRequest` when the network has no such vantage.
    init(_ description: NetworkDescription, at name: String?, start: Timestamp) throws(EgressError) {
        let vantages = description.nodes.filter { $0.role == .vantage }
        guard !vantages.isEmpty else {
            throw EgressError(.badRequest, "the network has no vantage, where an agent could stand")
        }
        guard let node = vantages.first(where: { name == nil || $0.name == name }) else {
            let names = vantages.map(\.name).joined(separator: ", ")
            throw EgressError(.badRequest, "the network has no vantage \(name ?? ""), but \(names)")
        }
        do throws(TLSError) {
            authority = try SimulatedAuthority(for: description, startingAt: start.microseconds / 1_000_000)
        } catch {
            throw EgressError(.local, "the network's authority cannot be made", cause: error)
        }
        nodes = description.nodes
        self.start = start
        network = SimulatedNetwork(description, authority: authority)
        vantage = SimulatedVantage(network, at: node)
    }

    var now: Timestamp { start.advanced(by: .nanoseconds(Int64(network.now))) }
    /// In seconds since 1970.
    var second: Int64 { now.microseconds / 1_000_000 }

    /// The address that a host is, or that the node has whose name it is; in `sim` as well.
    ///
    /// Throws `resolve` when there is none.
    func address(of host: String, family: FamilyChoice = .any) throws(EgressError) -> IPAddress {
        var name = host.lowercased()
        if name.hasSuffix(".sim") { name.removeLast(4) }
        let node = nodes.first { $0.name == host } ?? nodes.first { $0.name.lowercased() == name }
        guard let all = IPAddress(host).map({ [$0] }) ?? node?.addresses else {
            throw EgressError(.resolve, "no node of the network is named \(host)")
        }
        guard let address = all.first(where: { family == .any || $0.isV4 == (family == .v4) }) else {
            throw EgressError(.resolve, "the target has no address of this family")
        }
        return address
    }

    /// What a handshake is made with that offers these protocols.
    func context(protocols: [String]) throws(EgressError) -> TLSContext {
        if let context = contexts[protocols] { return context }
        do throws(TLSError) {
            // All share the authority.
            let plain =
                if let context = contexts[[]] { context } else {
                    try TLSContext.inspector(authorities: [authority.certificate])
                }
            contexts[[]] = plain
            guard !protocols.isEmpty else { return plain }
            let context = try plain.inspector(protocols: protocols)
            contexts[protocols] = context
            return context
        } catch {
            throw EgressError(.local, "the network's authority cannot be trusted", cause: error)
        }
    }

    /// Another one each time, until all have been had.
    func nextIdentifier(in range: ClosedRange<UInt16>) -> UInt16 {
        identifiers = (identifiers + 1) % UInt16(range.count)
        return range.lowerBound + identifiers
    }
}
