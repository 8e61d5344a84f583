import Configuration
import Contracts
import JSON
import JSONRPC
import Kubernetes
import ServiceTesting
import TestServers
import Testing

@testable import OrchestratorService

@Suite("The node mesh", .everyEngine, .timeLimit(.minutes(5)))
struct NodeMeshTests {
    private static let settings = ["ORCHESTRATOR_MESH": "true", "ORCHESTRATOR_HEARTBEAT": "100ms"]

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func register(
        _ name: String,
        _ address: String? = nil,
        node: String? = nil,
        _ client: RPCClient
    ) async throws -> AgentID {
        var registration = AgentRegistration(name: name, version: "1", surroundings: .init(allowsLoopback: false))
        registration.node = node
        registration.reachable = address.map { AgentReach(address: $0, stampPort: 862, tcpPort: 9_090) }
        return try await client.call(.registerAgent, registration).id
    }

    /// The targets of the mesh by their names, once they are as they are to be.
    @discardableResult
    private func targets(
        _ client: RPCClient,
        until isReached: ([String: Target]) -> Bool
    ) async throws -> [String: Target] {
        while true {
            let all = try await client.call(.listTargets, TargetFilter()).targets.filter { $0.keeper == .mesh }
            let found = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
            if isReached(found) { return found }
            await pause()
        }
    }

    /// Waits until an agent probes just these of the mesh.
    private func until(_ agent: AgentID, _ client: RPCClient, probes wanted: Set<String>) async throws {
        let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent))
        var set = stream.result
        func probed() -> Set<String> {
            Set(set.assignments.filter { $0.check.type == .stamp }.map(\.targetName))
        }
        while probed() != wanted { set = try #require(try await stream.next()) }
    }

    @Test("has agents probe each other by what they say of themselves, over targets that people cannot change")
    func outside() async throws {
        try await withOrchestrator(in: directory, Self.settings) { client in
            let agents = [
                try await register("a", "192.0.2.1", client), try await register("b", "192.0.2.2", client),
                try await register("c", "2001:db8::3", client), try await register("mute", nil, client),
            ]
            let targets = try await targets(client) { $0.count == 3 }
            #expect(targets["c"]?.address == "2001:db8::3")
            #expect(targets["c"]?.labels["node"] == "c")
            try await until(agents[0], client, probes: ["b", "c"])
            try await until(agents[3], client, probes: ["a", "b", "c"])
            let target = try #require(targets["a"])
            let checks = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
            #expect(Set(checks.map(\.type)) == [.stamp, .tcp])
            #expect(checks.first { $0.type == .tcp }?.options.port == 9_090)
            try await expectKept(target, checks, client)
            // It says otherwise: the target is the same.
            _ = try await register("a", "192.0.2.9", client)
            let moved = try await self.targets(client) { $0["a"]?.address == "192.0.2.9" }
            #expect(moved["a"]?.id == target.id)
            _ = try await client.call(.commandAgent, AgentCommand(id: agents[0], action: .stop))
            try await self.targets(client) { $0["a"]?.enabled == false }
            _ = try await client.call(.deleteAgent, AgentReference(id: agents[0]))
            try await self.targets(client) { $0.count == 2 }
            try await until(agents[3], client, probes: ["b", "c"])
        }
        // Switched off, it takes its targets away.
        try await withOrchestrator(in: directory) { client in try await targets(client) { $0.isEmpty } }
    }

    private func expectKept(_ target: Target, _ checks: [Check], _ client: RPCClient) async throws {
        let rename = TargetChange(id: target.id, name: "mine")
        let check = try #require(checks.first)
        let errors = [
            try await failure { try await client.call(.updateTarget, rename) },
            try await failure { try await client.call(.deleteTarget, TargetRemoval(id: target.id)) },
            try await failure { try await client.call(.createCheck, NewCheck(targetID: target.id, type: .icmp)) },
            try await failure { try await client.call(.updateCheck, CheckChange(id: check.id, enabled: false)) },
            try await failure { try await client.call(.deleteCheck, CheckReference(id: check.id)) },
        ]
        for error in errors {
            #expect(error.code == .conflict)
            #expect(error.message == "target \"a\" belongs to the node mesh, which alone changes it")
        }
    }

    @Test("knows the zones of nodes, rests where one is cordoned, and forgets one that is gone")
    func nodes() async throws {
        try await withCluster { server, kubernetes in
            let labels: JSONValue = [
                "topology.kubernetes.io/zone": "eu-1a", "topology.kubernetes.io/region": "eu-1",
                "kubernetes.io/hostname": "host-1",
            ]
            try server.create("v1/nodes", "n1", ["metadata": ["labels": labels]])
            try server.create("v1/nodes", "n2")
            let time = ManualTime()
            try await withOrchestrator(in: directory, Self.settings, time: time, kubernetes: kubernetes) { client in
                let first = try await register("n1", "192.0.2.1", node: "n1", client)
                let second = try await register("n2", "192.0.2.2", node: "n2", client)
                try await targets(client) { $0["n1"]?.labels["zone"] == "eu-1a" && $0.count == 2 }
                let agent = try await client.call(.getAgent, AgentReference(id: first))
                #expect(
                    agent.labels
                        == ["platform": "kubernetes", "zone": "eu-1a", "region": "eu-1", "hostname": "host-1"]
                )
                // From outside the cluster its pods are not reached.
                let outside = try await register("outside", nil, client)
                try await until(outside, client, probes: [])
                try await until(second, client, probes: ["n1"])

                try server.patch("v1/nodes", "n1", ["spec": ["unschedulable": true]])
                let cordoned = try await targets(client) { $0["n1"]?.enabled == false }
                #expect(cordoned["n1"]?.description == "The node is cordoned.")
                try await until(second, client, probes: [])
                try await until(first, client, probes: ["n2"])
                try server.patch("v1/nodes", "n1", ["spec": ["unschedulable": .null]])
                try await targets(client) { $0["n1"]?.enabled == true && $0["n1"]?.description == "" }
                try await until(second, client, probes: ["n1"])

                try server.delete("v1/nodes", "n1")
                try await targets(client) { $0["n1"]?.enabled == false }
                // Its agent falls silent as well, and the other one goes on.
                time.advance(by: .seconds(60))
                _ = try await client.call(.heartbeat, AgentReference(id: second))
                try await targets(client) { $0.keys.sorted() == ["n2"] }
                #expect(try await client.call(.listAgents, Empty()).agents.map(\.name) == ["n2", "outside"])
            }
        }
    }

    @Test("keeps what it has while the cluster's API is away")
    func away() async throws {
        try await withCluster { server, kubernetes in
            server.deny("nodes")
            try await withOrchestrator(in: directory, Self.settings, kubernetes: kubernetes) { client in
                _ = try await register("n1", "192.0.2.1", node: "n1", client)
                try await targets(client) { $0["n1"]?.enabled == true }
                try await server.requests(2, with: "nodes")
                #expect(try await client.call(.listAgents, Empty()).agents.count == 1)
            }
        }
    }

    @Test("refuses addresses that are no host's")
    func addresses() async throws {
        try await withOrchestrator(in: directory, Self.settings) { client in
            for address in ["name.example.org", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "1.2.3"] {
                let error = try await failure { try await register("a", address, client) }
                #expect(error.code == .invalidParams, "\(address)")
            }
        }
    }

    @Test("reads its settings, and says what is missing outside a pod")
    func settings() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try OrchestratorSettings(from: Environment(["ORCHESTRATOR_KUBERNETES": "true"]))
        }
        #expect(error?.message.contains("KUBERNETES_SERVICE_HOST is not set") == true)
        for (key, value) in [
            ("ORCHESTRATOR_MESH", "perhaps"), ("ORCHESTRATOR_MESH_PEERS", "0"), ("ORCHESTRATOR_MESH_TENANT", "A b"),
            ("ORCHESTRATOR_MESH_INTERVAL", "1ms"),
        ] {
            #expect(throws: ConfigurationError.self, "\(key)") {
                try OrchestratorSettings(from: Environment([key: value]))
            }
        }
    }
}
