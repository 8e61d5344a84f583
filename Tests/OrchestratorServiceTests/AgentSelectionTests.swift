import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Assignments by selector", .everyEngine, .timeLimit(.minutes(5)))
struct AgentSelectionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func register(_ name: String, _ labels: [String: String], _ client: RPCClient) async throws -> AgentID {
        try await client.call(
            .registerAgent,
            AgentRegistration(name: name, version: "1", labels: labels, surroundings: .init(allowsLoopback: false))
        ).id
    }

    /// Waits until an agent has just the checks that are wanted of some.
    private func until(_ agent: AgentID, _ client: RPCClient, runs wanted: Set<CheckID>, of some: Set<CheckID>)
        async throws
    {
        let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent))
        var set = stream.result
        while Set(set.assignments.map(\.check.id)).intersection(some) != wanted {
            set = try #require(try await stream.next())
        }
    }

    @Test("go to the agents whose labels fit, and move when the labels change")
    func labels() async throws {
        try await withOrchestrator(in: directory) { client in
            let (north, south) = (
                try await register("a", ["zone": "north"], client), try await register("b", ["zone": "south"], client)
            )
            let check = NewTargetCheck(type: .icmp, agents: AgentSelector(labels: ["zone": "north"]))
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.9", checks: [check]))
            let id = try #require(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.first).id
            try await until(north, client, runs: [id], of: [id])
            try await until(south, client, runs: [], of: [id])
            // An operator's label wins over the agent's own, also when that comes again.
            let change = AgentChange(id: south, labels: ["zone": "north"])
            #expect(try await client.call(.updateAgent, change).labels == ["zone": "north"])
            #expect(try await register("b", ["zone": "south"], client) == south)
            try await until(south, client, runs: [id], of: [id])
            _ = try await register("a", ["zone": "east"], client)
            try await until(north, client, runs: [], of: [id])
            // Without a selector all run it.
            _ = try await client.call(.updateCheck, CheckChange(id: id, agents: AgentSelector()))
            try await until(north, client, runs: [id], of: [id])
        }
    }

    @Test("go to others when an agent is stopped or drained, and come back when it starts")
    func commands() async throws {
        try await withOrchestrator(in: directory) { client in
            let agents = [try await register("a", [:], client), try await register("b", [:], client)]
            let one = NewTargetCheck(type: .icmp, agents: AgentSelector(count: 1))
            let new = NewTarget(address: "192.0.2.9", checks: [one, NewTargetCheck(type: .tcp, options: .init())])
            let target = try await client.call(.createTarget, new)
            let checks = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
            let chosen = try #require(checks.first { $0.agents != nil }).id
            let common = try #require(checks.first { $0.agents == nil }).id
            func runner() async throws -> AgentID {
                for agent in agents {
                    let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent))
                    if stream.result.assignments.contains(where: { $0.check.id == chosen }) { return agent }
                }
                throw RPCError(.notFound, "nobody runs it")
            }
            try await until(agents[0], client, runs: [common], of: [common])
            let first = try await runner()
            let second = try #require(agents.first { $0 != first })
            let all: Set = [chosen, common]
            _ = try await client.call(.commandAgent, AgentCommand(id: first, action: .drain))
            try await until(second, client, runs: all, of: all)
            try await until(first, client, runs: [common], of: all)
            _ = try await client.call(.commandAgent, AgentCommand(id: first, action: .stop))
            try await until(first, client, runs: [], of: all)
            #expect(try await client.call(.getAgent, AgentReference(id: first)).mode == .stopped)
            _ = try await client.call(.commandAgent, AgentCommand(id: first, action: .start))
            try await until(first, client, runs: all, of: all)
            let error = try await failure {
                try await client.call(.deleteAgent, AgentReference(id: first))
            }
            #expect(error.code == .conflict)
            _ = try await client.call(.commandAgent, AgentCommand(id: first, action: .stop))
            _ = try await client.call(.deleteAgent, AgentReference(id: first))
            try await until(second, client, runs: all, of: all)
            #expect(try await failure { try await client.call(.getAgent, AgentReference(id: first)) }.code == .notFound)
            #expect(
                try await failure { try await client.call(.heartbeat, AgentReference(id: first)) }.code == .notFound
            )
        }
    }

    @Test("go to others when an agent is heard of no more")
    func silence() async throws {
        let time = ManualTime()
        try await withOrchestrator(in: directory, ["ORCHESTRATOR_HEARTBEAT": "100ms"], time: time) { client in
            let agents = [try await register("a", [:], client), try await register("b", [:], client)]
            // Nobody is taken for dead right after the start.
            time.advance(by: .seconds(1))
            for agent in agents { _ = try await client.call(.heartbeat, AgentReference(id: agent)) }
            let checks = (0..<8).map { _ in NewTargetCheck(type: .icmp, agents: AgentSelector(count: 1)) }
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.9", checks: checks))
            let all = Set(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.map(\.id))
            time.advance(by: .milliseconds(301))
            _ = try await client.call(.heartbeat, AgentReference(id: agents[1]))
            try await until(agents[1], client, runs: all, of: all)
            try await until(agents[0], client, runs: [], of: all)
        }
        // The next orchestrator, which has heard of nobody yet, does not give them back.
        try await withOrchestrator(in: directory, ["ORCHESTRATOR_HEARTBEAT": "100ms"], time: time) { client in
            let agents = try await client.call(.listAgents, Empty()).agents.sorted { $0.name < $1.name }
            let counts = try await [client.assignmentCount(of: agents[0]), client.assignmentCount(of: agents[1])]
            #expect(counts == [0, 8])
        }
    }

    @Test("are asked for with a selector that makes sense")
    func validation() async throws {
        try await withOrchestrator(in: directory) { client in
            for (field, selector) in [
                ("checks[0].agents.count", AgentSelector(count: 0)),
                ("checks[0].agents.count", AgentSelector(count: 101)),
                ("labels", AgentSelector(labels: ["": "x"])),
            ] {
                let new = NewTarget(address: "192.0.2.9", checks: [NewTargetCheck(type: .icmp, agents: selector)])
                let error = try await failure { try await client.call(.createTarget, new) }
                #expect(error.code == .invalidParams)
                #expect(error.data == ["field": .string(field)])
            }
            let agent = try await register("a", [:], client)
            for change in [AgentChange(id: agent, weight: 0), AgentChange(id: agent, labels: [" ": ""])] {
                #expect(try await failure { try await client.call(.updateAgent, change) }.code == .invalidParams)
            }
        }
    }
}

extension RPCClient {
    fileprivate func assignmentCount(of agent: Agent) async throws -> Int {
        let set = try await follow(.followAssignments, AssignmentRequest(id: agent.id)).result
        return set.assignments.count { $0.check.agents != nil }
    }
}
