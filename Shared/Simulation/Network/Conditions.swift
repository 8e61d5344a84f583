/// What the faults of one moment leave of a network: who is up, what befalls packets on which link, and the ways.
struct Conditions {
    private(set) var isDown: [Bool]
    /// Of each direction of each link, in the order of `SimulatedNetwork`.
    private var impairments: [[LinkImpairment]]
    var routes: Routes

    /// `nodes` are the places of all nodes by their names.
    init(of description: NetworkDescription, _ nodes: [String: Int], at now: UInt64) {
        var isDown = [Bool](repeating: false, count: description.nodes.count)
        var isCut = [Bool](repeating: false, count: description.links.count)
        impairments = Array(repeating: [], count: description.links.count * 2)
        for fault in description.faults where fault.start.nanoseconds <= now && now < fault.end.nanoseconds {
            switch fault.effect {
            case .nodeDown(let name): isDown[nodes[name] ?? 0] = true
            case .linkDown(let ends): for link in description.links(between: ends) { isCut[link] = true }
            case .link(let ends, let impairment):
                for index in description.links(between: ends) {
                    let way = description.links[index].ends == ends ? 0 : 1
                    impairments[index * 2 + way].append(impairment)
                    if !impairment.isOneWay { impairments[index * 2 + 1 - way].append(impairment) }
                }
            }
        }
        var edges = [[Routes.Edge]](repeating: [], count: description.nodes.count)
        for (index, link) in description.links.enumerated() where !isCut[index] {
            guard let first = nodes[link.ends[0]], let second = nodes[link.ends[1]], !isDown[first], !isDown[second]
            else { continue }
            let (forth, back) = (link.way(from: link.ends[0]).routeCost, link.way(from: link.ends[1]).routeCost)
            edges[first].append(Routes.Edge(link: index, neighbour: second, cost: forth, costBack: back))
            edges[second].append(Routes.Edge(link: index, neighbour: first, cost: back, costBack: forth))
        }
        routes = Routes(edges, forwards: description.nodes.map { $0.role == .router })
        self.isDown = isDown
    }

    /// What befalls a packet of an IP version on one direction of a link.
    func impairments(of direction: Int, version: Int) -> [LinkImpairment] {
        impairments[direction].filter { $0.version == nil || $0.version == version }
    }
}

extension NetworkDescription.Link.Way {
    fileprivate var routeCost: Int { cost ?? max(1, Int(behaviour.latency.mean.nanoseconds / 1_000)) }
}

extension NetworkDescription {
    fileprivate func links(between ends: [String]) -> [Int] {
        links.indices.filter { Set(links[$0].ends) == Set(ends) }
    }
}
