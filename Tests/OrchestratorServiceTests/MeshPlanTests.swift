import Contracts
import Testing

@testable import OrchestratorService

@Suite("The plan of the mesh")
struct MeshPlanTests {
    private static let time = Timestamp(microseconds: 1_800_000_000_000_000)

    private func agents(_ count: Int, zones: Int = 0) -> [AgentRow] {
        (0..<count).map { number in
            AgentRow(
                id: .make(),
                name: "agent-\(number)",
                version: "1",
                ownLabels: zones == 0 ? [:] : ["zone": "z\(number % zones)"],
                capabilities: CheckType.allCases,
                registeredAt: Self.time,
                lastSeenAt: Self.time
            )
        }
    }

    private func targets(_ agents: [AgentRow]) -> [TargetID: AgentID] {
        Dictionary(uniqueKeysWithValues: agents.map { (TargetID(rawValue: $0.id.rawValue), $0.id) })
    }

    /// Who probes whom.
    private func edges(_ agents: [AgentRow], peers: Int, silent: Set<AgentID> = []) -> Set<[String]> {
        let online = Set(agents.map(\.id)).subtracting(silent)
        let plan = MeshPlan(targets(agents), agents, online, peersEach: peers)
        return Set(plan.probers.flatMap { target, probers in probers.map { [$0.rawValue, target.rawValue] } })
    }

    @Test("has each agent probe as many others as it is to, and each be probed", arguments: [1, 2, 3, 7, 60])
    func covers(count: Int) {
        let agents = agents(count)
        let edges = edges(agents, peers: 3)
        for agent in agents {
            let own = agent.id.rawValue
            #expect(edges.count { $0[0] == own } >= min(3, count - 1))
            #expect(count == 1 || edges.contains { $0[1] == own })
            #expect(!edges.contains([own, own]))
        }
        #expect(edges == self.edges(agents.reversed(), peers: 3))
    }

    @Test("covers everyone even where each probes one only, and connects each two zones")
    func zones() {
        for _ in 0..<20 {
            let agents = agents(24, zones: 8)
            let edges = edges(agents, peers: 1)
            #expect(agents.allSatisfy { agent in edges.contains { $0[1] == agent.id.rawValue } })
            let zone = Dictionary(uniqueKeysWithValues: agents.map { ($0.id.rawValue, $0.labels["zone"] ?? "") })
            let pairs = Set(edges.map { Set($0.compactMap { zone[$0] }) }).filter { $0.count == 2 }
            #expect(pairs.count == 8 * 7 / 2)
        }
    }

    @Test("moves few when an agent goes or comes")
    func moves() {
        var moved = 0
        for _ in 0..<20 {
            let agents = agents(40, zones: 3)
            let before = edges(agents, peers: 3)
            let gone = agents[7].id
            let after = edges(agents.filter { $0.id != gone }, peers: 3)
            let others = before.filter { !$0.contains(gone.rawValue) }
            // What nobody else had to take over stays.
            moved += after.subtracting(others).count
            #expect(others.subtracting(after).count <= 2)
        }
        // The three or so that probed it take another each, and who was probed by it alone gets one.
        #expect(moved <= 20 * 8)
    }

    @Test("has those that are silent, drained or on the same machine probe nobody, and still be probed")
    func silent() {
        var agents = agents(6)
        agents[1].mode = .draining
        let edges = edges(agents, peers: 2, silent: [agents[0].id])
        #expect(!edges.contains { $0[0] == agents[0].id.rawValue || $0[0] == agents[1].id.rawValue })
        #expect(edges.contains { $0[1] == agents[0].id.rawValue } && edges.contains { $0[1] == agents[1].id.rawValue })
        for index in agents.indices { agents[index].node = "same" }
        #expect(self.edges(agents, peers: 2).isEmpty)
    }
}
