/// What the faults of one moment leave of a network: who is up, what befalls packets on which link, and the ways.
struct Conditions {
    private(set) var isDown: [Bool]
    /// Of each link.
    private(set) var impairments: [[LinkImpairment]]
    var routes: Routes

    /// `nodes` are the places of all nodes by their names.
    init(of description: NetworkDescription, _ nodes: [String: Int], at now: UInt64) {
        var isDown = [Bool](repeating: false, count: description.nodes.count)
        var isCut = [Bool](repeating: false, count: description.links.count)
        impairments = Array(repeating: [], count: description.links.count)
        for fault in description.faults where fault.start.nanoseconds <= now && now < fault.end.nanoseconds {
            switch fault.effect {
            case .nodeDown(let name): isDown[nodes[name] ?? 0] = true
            case .linkDown(let ends): for link in description.links(between: ends) { isCut[link] = true }
            case .link(let ends, let impairment):
                for link in description.links(between: ends) { impairments[link].append(impairment) }
            }
        }
        var edges = [[Routes.Edge]](repeating: [], count: description.nodes.count)
        for (index, link) in description.links.enumerated() where !isCut[index] {
            guard let first = nodes[link.ends[0]], let second = nodes[link.ends[1]], !isDown[first], !isDown[second]
            else { continue }
            let cost = link.cost ?? max(1, Int(link.behaviour.latency.mean.nanoseconds / 1_000))
            edges[first].append(Routes.Edge(link: index, neighbour: second, cost: cost))
            edges[second].append(Routes.Edge(link: index, neighbour: first, cost: cost))
        }
        routes = Routes(edges, forwards: description.nodes.map { $0.role == .router })
        self.isDown = isDown
    }
}

extension NetworkDescription {
    fileprivate func links(between ends: [String]) -> [Int] {
        links.indices.filter { Set(links[$0].ends) == Set(ends) }
    }
}
