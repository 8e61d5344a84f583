/// The ways to every destination over what is up: all next links that lie on a shortest path.
struct Routes {
    struct Edge {
        var link: Int
        var neighbour: Int
        var cost: Int
        /// From the neighbour.
        var costBack: Int

        init(link: Int, neighbour: Int, cost: Int, costBack: Int? = nil) {
            (self.link, self.neighbour, self.cost) = (link, neighbour, cost)
            self.costBack = costBack ?? cost
        }
    }

    private let edges: [[Edge]]
    /// Whether each node forwards what is not for it.
    private let forwards: [Bool]
    /// For each destination that was asked for, the next edges of every node.
    private var known: [Int: [[Edge]]] = [:]

    /// `edges` lists what leaves each node.
    init(_ edges: [[Edge]], forwards: [Bool]) {
        self.edges = edges
        self.forwards = forwards
    }

    /// Equally good next edges from `node` to `destination`; none when nothing leads there.
    mutating func next(from node: Int, to destination: Int) -> [Edge] {
        if let table = known[destination] { return table[node] }
        let table = table(to: destination)
        known[destination] = table
        return table[node]
    }

    /// Dijkstra's algorithm from the destination, over what comes towards it.
    private func table(to destination: Int) -> [[Edge]] {
        var distance = [Int](repeating: .max, count: edges.count)
        distance[destination] = 0
        var queue = TimedQueue<Int>()
        queue.push(destination, at: 0)
        while let (node, reached) = queue.pop() {
            guard reached == UInt64(distance[node]), node == destination || forwards[node] else { continue }
            for edge in edges[node] where distance[node] + edge.costBack < distance[edge.neighbour] {
                distance[edge.neighbour] = distance[node] + edge.costBack
                queue.push(edge.neighbour, at: UInt64(distance[edge.neighbour]))
            }
        }
        return edges.indices.map { node in
            guard distance[node] < .max else { return [] }
            return edges[node].filter { edge in
                let leadsOn = edge.neighbour == destination || forwards[edge.neighbour]
                return leadsOn && distance[edge.neighbour] < .max
                    && distance[edge.neighbour] + edge.cost == distance[node]
            }
        }
    }
}
