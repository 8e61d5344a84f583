import Contracts

/// Which agents probe which others; pure, so that the same agents give the same plan.
///
/// Each agent probes those for which rendezvous hashing gives it the highest scores, on other machines than its own. Who
/// is probed by nobody then gets the best prober there is, and two zones between which nobody probes the best pair of
/// theirs. So an agent that comes or goes changes its own pairs, and few others.
struct MeshPlan: Sendable {
    private struct Peer {
        var agent: AgentRow
        var target: TargetID?
        var probes: Bool
        var hash: UInt64

        var zone: String? { agent.labels["zone"] }

        /// Agents of one machine would say nothing of the network, and from outside a cluster its pods are not reached.
        func isElsewhere(_ other: Peer) -> Bool {
            guard agent.id != other.agent.id, (agent.node == nil) == (other.agent.node == nil) else { return false }
            return agent.node == nil || agent.node != other.agent.node
        }
    }

    /// The agents that probe each target of the mesh, in the order of their ids.
    private(set) var probers: [TargetID: [AgentID]] = [:]

    /// Nobody probes anybody.
    init() {}

    /// `targets` are the agents that may be probed, by the targets that stand for them.
    ///
    /// Those who are `online`, and not drained or stopped, probe.
    init(_ targets: [TargetID: AgentID], _ agents: [AgentRow], _ online: Set<AgentID>, peersEach: Int) {
        guard !targets.isEmpty else { return }
        let targetOf = Dictionary(targets.map { ($0.value, $0.key) }) { first, _ in first }
        let peers = agents.map { agent in
            Peer(
                agent: agent,
                target: targetOf[agent.id],
                probes: online.contains(agent.id) && agent.mode == .active,
                hash: Placement.hash(agent.id.rawValue)
            )
        }
        var edges: [TargetID: Set<AgentID>] = [:]
        for target in targets.keys { edges[target] = [] }
        let probers = peers.filter(\.probes)
        for prober in probers {
            for target in Self.best(peersEach, for: prober, among: peers) {
                edges[target, default: []].insert(prober.agent.id)
            }
        }
        Self.cover(peers, probers, &edges)
        Self.connectZones(peers, probers, &edges)
        self.probers = edges.mapValues { $0.sorted { $0.rawValue < $1.rawValue } }
    }

    private static func score(_ prober: Peer, _ target: Peer) -> UInt64 {
        Placement.score(of: target.hash, for: prober.hash)
    }

    private static func best(_ count: Int, for prober: Peer, among peers: [Peer]) -> [TargetID] {
        peers.filter { $0.target != nil && $0.isElsewhere(prober) }
            .sorted { score(prober, $0) > score(prober, $1) }
            .prefix(count)
            .compactMap(\.target)
    }

    /// Whoever is probed by nobody is probed by the one that has the highest score for it.
    private static func cover(_ peers: [Peer], _ probers: [Peer], _ edges: inout [TargetID: Set<AgentID>]) {
        for peer in peers {
            guard let target = peer.target, edges[target]?.isEmpty == true else { continue }
            let best = probers.filter(peer.isElsewhere).max { score($0, peer) < score($1, peer) }
            if let best { edges[target] = [best.agent.id] }
        }
    }

    /// Each two zones get a pair, one way or the other.
    private static func connectZones(_ peers: [Peer], _ probers: [Peer], _ edges: inout [TargetID: Set<AgentID>]) {
        let zoneOf = Dictionary(peers.compactMap { peer in peer.zone.map { (peer.agent.id, $0) } }) { first, _ in first
        }
        var connected: Set<Set<String>> = []
        for peer in peers {
            guard let target = peer.target, let zone = peer.zone else { continue }
            for prober in edges[target] ?? [] { zoneOf[prober].map { _ = connected.insert([zone, $0]) } }
        }
        var best: [Set<String>: (score: UInt64, target: TargetID, prober: AgentID)] = [:]
        for prober in probers {
            guard let from = prober.zone else { continue }
            for peer in peers {
                guard let target = peer.target, let to = peer.zone, to != from, peer.isElsewhere(prober),
                    !connected.contains([from, to])
                else { continue }
                let score = score(prober, peer)
                if score > best[[from, to]]?.score ?? 0 { best[[from, to]] = (score, target, prober.agent.id) }
            }
        }
        for pair in best.values { edges[pair.target, default: []].insert(pair.prober) }
    }
}
