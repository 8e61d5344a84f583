import Contracts
import Testing

@testable import OrchestratorService

@Suite("Placement")
struct PlacementTests {
    private func candidates(_ count: Int, weight: Int = 1) -> [Placement.Candidate] {
        (0..<count).map { _ in Placement.Candidate(id: .make(), weight: weight) }
    }

    private func owners(_ checks: [CheckID], _ candidates: [Placement.Candidate], count: Int = 1) -> [Set<AgentID>] {
        let placement = Placement(candidates)
        return checks.map { Set(placement.agents(for: $0, AgentSelector(count: count))) }
    }

    @Test("chooses as many agents as are wanted, each at most once", arguments: [1, 2, 3, 10])
    func count(wanted: Int) {
        let agents = candidates(5)
        for owners in owners((0..<100).map { _ in .make() }, agents, count: wanted) {
            #expect(owners.count == min(wanted, 5))
        }
    }

    @Test("gives every agent its share, by weight")
    func shares() {
        let agents = candidates(5) + candidates(1, weight: 5)
        let checks = (0..<10_000).map { _ in CheckID.make() }
        var counts: [AgentID: Int] = [:]
        for owner in owners(checks, agents).joined() { counts[owner, default: 0] += 1 }
        for agent in agents.prefix(5) { #expect((850...1_150).contains(counts[agent.id] ?? 0)) }
        #expect((4_750...5_250).contains(counts[agents[5].id] ?? 0))
    }

    @Test("moves the checks of an agent that goes, and no others; one that comes takes its share")
    func moves() {
        let agents = candidates(10)
        let checks = (0..<5_000).map { _ in CheckID.make() }
        let before = owners(checks, agents, count: 2)
        let after = owners(checks, Array(agents.dropLast()), count: 2)
        for (old, new) in zip(before, after) {
            #expect(old.subtracting(new).isSubset(of: [agents[9].id]))
            #expect(new.count == 2)
        }
        let newcomer = Placement.Candidate(id: .make())
        let joined = owners(checks, agents + [newcomer], count: 2)
        let moved = zip(before, joined).count { $0 != $1 }
        #expect(zip(before, joined).allSatisfy { $1.subtracting($0).isSubset(of: [newcomer.id]) })
        #expect((750...1_080).contains(moved))
    }

    @Test("asks labels of agents, and passes over those that are drained, offline or stopped")
    func fitting() {
        let check = CheckID.make()
        let (north, south) = (["zone": "north"], ["zone": "south", "disk": "ssd"])
        let agents = [
            Placement.Candidate(id: .make(), labels: north), .init(id: .make(), labels: south),
            .init(id: .make(), labels: north, mode: .draining), .init(id: .make(), labels: north, isOnline: false),
            .init(id: .make(), labels: north, capabilities: [.dns]), .init(id: .make(), labels: north, mode: .stopped),
        ]
        let placement = Placement(agents).able(of: .icmp)
        let all = AgentSelector(labels: north)
        #expect(placement.agents(for: check, all) == [agents[0].id, agents[2].id, agents[3].id])
        #expect(placement.agents(for: check, AgentSelector(labels: north, count: 3)) == [agents[0].id])
        #expect(placement.agents(for: check, AgentSelector(labels: ["disk": "ssd"], count: 1)) == [agents[1].id])
        #expect(placement.agents(for: check, AgentSelector(labels: ["zone": "west"])) == [])
        // Better one that may not answer than none.
        let rest = Placement(Array(agents[2...3])).agents(for: check, AgentSelector(count: 1))
        #expect(rest.count == 1)
    }
}
