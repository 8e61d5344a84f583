import Contracts
import Database
import JSON
import JSONRPC
import ServiceTesting
import Testing

@Suite("Admission by probe budget", .everyEngine)
struct AdmissionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A target of which each agent asks so many packets a second.
    private func target(_ address: String, packets: Int, _ agents: AgentSelector? = nil) -> NewTarget {
        var options = CheckOptions()
        options.packets = packets
        let check = NewTargetCheck(type: .icmp, intervalMilliseconds: 1_000, options: options, agents: agents)
        return NewTarget(address: address, checks: [check])
    }

    private func register(_ name: String, _ labels: [String: String], _ client: RPCClient) async throws {
        let registration = AgentRegistration(
            name: name,
            version: "1",
            labels: labels,
            surroundings: .init(allowsLoopback: false)
        )
        _ = try await client.call(.registerAgent, registration)
    }

    @Test("refuses what a tenant has no room for, until there is room again, and minds no other tenant")
    func tenants() async throws {
        let settings = ["ORCHESTRATOR_MAX_PROBES_PER_SECOND_TENANT": "100"]
        try await withOrchestrator(in: directory, settings) { client in
            let first = try await client.call(.createTarget, target("192.0.2.1", packets: 60))
            let error = try await failure {
                try await client.call(.createTarget, target("192.0.2.2", packets: 41))
            }
            #expect(error.code == .conflict)
            #expect(error.data == ["budget": "tenant", "limit": 100, "needed": 101])
            #expect(error.message.contains("choose longer intervals"))
            #expect(try await client.call(.listTargets, TargetFilter()).targets == [first])
            try await acting(as: .stranger) {
                _ = try await client.call(.createTarget, target("192.0.2.2", packets: 41))
            }
            // A target that is switched off asks for nothing; switched on again, it does.
            _ = try await client.call(.updateTarget, TargetChange(id: first.id, enabled: false))
            let second = try await client.call(.createTarget, target("192.0.2.2", packets: 41))
            let again = try await failure {
                try await client.call(.updateTarget, TargetChange(id: first.id, enabled: true))
            }
            #expect(again.data?["budget"] == "tenant")
            _ = try await client.call(.deleteTarget, TargetRemoval(id: second.id))
            _ = try await client.call(.updateTarget, TargetChange(id: first.id, enabled: true))
        }
    }

    @Test("counts checks as they are added, changed, switched off and removed, also through a restart")
    func checks() async throws {
        let settings = ["ORCHESTRATOR_MAX_PROBES_PER_SECOND_TARGET": "10"]
        try await withOrchestrator(in: directory, settings) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "192.0.2.1", checks: []))
            let new = NewCheck(targetID: target.id, type: .tcp, intervalMilliseconds: 200)
            let first = try await client.call(.createCheck, new)
            let second = try await client.call(.createCheck, new)
            let error = try await failure { try await client.call(.createCheck, new) }
            #expect(error.data == ["budget": "target", "limit": 10, "needed": 15])
            _ = try await client.call(.updateCheck, CheckChange(id: first.id, intervalMilliseconds: 400))
            let slow = NewCheck(targetID: target.id, type: .tcp, intervalMilliseconds: 400)
            let third = try await client.call(.createCheck, slow)
            let faster = try await failure {
                try await client.call(.updateCheck, CheckChange(id: third.id, intervalMilliseconds: 200))
            }
            #expect(faster.data?["needed"] == 13)
            _ = try await client.call(.deleteCheck, CheckReference(id: second.id))
            _ = try await client.call(.updateCheck, CheckChange(id: third.id, intervalMilliseconds: 200))
            _ = try await client.call(.updateCheck, CheckChange(id: third.id, enabled: false))
            _ = try await client.call(.createCheck, new)
        }
        // As a database from before rates were written down.
        let database = try await TestEngine.open("orchestrator", in: directory)
        try await database.write { connection in
            try connection.execute("UPDATE check_definition SET rate = NULL")
            try connection.execute("DELETE FROM probe_load")
        }
        await database.close()
        try await withOrchestrator(in: directory, settings) { client in
            let target = try #require(try await client.call(.listTargets, TargetFilter()).targets.first)
            let error = try await failure {
                try await client.call(
                    .createCheck,
                    NewCheck(targetID: target.id, type: .tcp, intervalMilliseconds: 300)
                )
            }
            #expect(error.data == ["budget": "target", "limit": 10, "needed": 11])
        }
    }

    @Test("counts every agent that runs a check, by its labels and its share")
    func agents() async throws {
        let settings = [
            "ORCHESTRATOR_MAX_PROBES_PER_SECOND_TENANT": "100", "ORCHESTRATOR_MAX_PROBES_PER_SECOND_AGENT": "60",
        ]
        try await withOrchestrator(in: directory, settings) { client in
            for (name, zone) in [("a", "north"), ("b", "north"), ("c", "south")] {
                try await register(name, ["zone": zone], client)
            }
            for target in try await client.call(.listTargets, TargetFilter()).targets {
                _ = try await client.call(.deleteTarget, TargetRemoval(id: target.id))
            }
            func needed(_ new: NewTarget) async throws -> JSONValue? {
                try await failure { try await client.call(.createTarget, new) }.data
            }
            let tenant: JSONValue = ["budget": "tenant", "limit": 100, "needed": 102]
            // Without what others ask of it.
            let agent: JSONValue = ["budget": "agent", "limit": 60]
            #expect(try await needed(target("192.0.2.1", packets: 34)) == tenant)
            #expect(try await needed(target("192.0.2.1", packets: 51, .init(labels: ["zone": "north"]))) == tenant)
            #expect(try await needed(target("192.0.2.1", packets: 51, .init(count: 2))) == tenant)
            #expect(try await needed(target("192.0.2.1", packets: 61, .init(labels: ["zone": "south"]))) == agent)
            // Nobody's labels fit yet, and somebody's may.
            let west = AgentSelector(labels: ["zone": "west"])
            #expect(try await needed(target("192.0.2.1", packets: 102, west)) == tenant)
            var paced = target("192.0.2.1", packets: 500)
            paced.maximumRate = 100
            _ = try await client.call(.createTarget, paced)
        }
    }

    @Test("lets through what asks for less, though agents that came since have overdrawn the budget")
    func overdrawn() async throws {
        let settings = ["ORCHESTRATOR_MAX_PROBES_PER_SECOND_TARGET": "10"]
        try await withOrchestrator(in: directory, settings) { client in
            let target = try await client.call(.createTarget, target("192.0.2.1", packets: 10))
            for name in ["a", "b", "c"] { try await register(name, [:], client) }
            let check = try #require(try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks.first)
            _ = try await client.call(.updateCheck, CheckChange(id: check.id, intervalMilliseconds: 2_000))
            _ = try await client.call(.updateCheck, CheckChange(id: check.id, agents: AgentSelector(count: 2)))
            let more = try await failure {
                try await client.call(.updateCheck, CheckChange(id: check.id, agents: AgentSelector(count: 3)))
            }
            #expect(more.data == ["budget": "target", "limit": 10, "needed": 15])
        }
    }
}
