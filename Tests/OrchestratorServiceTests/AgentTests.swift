import Contracts
import JSONRPC
import ServiceTesting
import Testing

@Suite("Agents", .everyEngine)
struct AgentTests {
    let directory: TemporaryDirectory
    let registration = AgentRegistration(
        name: "node-1",
        version: "1.0.0",
        surroundings: .init(router: "192.0.2.1", resolvers: ["192.0.2.53", "127.0.0.53"])
    )

    init() throws { directory = try TemporaryDirectory() }

    @Test("of the same name are the same agent, also after a restart")
    func sameName() async throws {
        let registration = registration
        try await withOrchestrator(in: directory) { client in
            let first = try await client.call(.registerAgent, registration)
            #expect(first.heartbeatMilliseconds == 5_000)
            #expect(try await client.call(.registerAgent, registration).id == first.id)
            var newer = registration
            newer.version = "1.1.0"
            _ = try await client.call(.registerAgent, newer)
            #expect(try await client.call(.listAgents, Empty()).agents.map(\.version) == ["1.1.0"])
        }
        try await withOrchestrator(in: directory) { client in
            let before = try #require(try await client.call(.listAgents, Empty()).agents.first)
            #expect(try await client.call(.heartbeat, AgentReference(id: before.id)) == Empty())
            #expect(try await client.call(.registerAgent, registration).id == before.id)
        }
    }

    @Test("are offline after three missed heartbeats, and online with the next one")
    func liveness() async throws {
        let registration = registration
        let time = ManualTime()
        try await withOrchestrator(in: directory, time: time) { client in
            let id = try await client.call(.registerAgent, registration).id
            func state() async throws -> Agent.State? {
                try await client.call(.listAgents, Empty()).agents.first?.state
            }
            #expect(try await state() == .online)
            time.advance(by: .seconds(15))
            #expect(try await state() == .online)
            time.advance(by: .milliseconds(1))
            #expect(try await state() == .offline)
            _ = try await client.call(.heartbeat, AgentReference(id: id))
            #expect(try await state() == .online)
        }
        try await withOrchestrator(in: directory, time: time) { client in
            let agents = try await client.call(.listAgents, Empty()).agents
            #expect(agents.map(\.lastSeenAt) == [time.now])
        }
    }

    @Test("that are unknown are told so")
    func unknown() async throws {
        try await withOrchestrator(in: directory) { client in
            let reference = AgentReference(id: .make())
            let beat = try await failure { try await client.call(.heartbeat, reference) }
            #expect(beat.code == .notFound)
            let follow = try await failure {
                try await client.follow(.followAssignments, AssignmentRequest(id: reference.id))
            }
            #expect(follow.code == .notFound)
        }
    }

    @Test("are limited in number")
    func limit() async throws {
        let registration = registration
        try await withOrchestrator(in: directory, ["ORCHESTRATOR_MAX_AGENTS": "1"]) { client in
            _ = try await client.call(.registerAgent, registration)
            var other = registration
            other.name = "node-2"
            let error = try await failure { [other] in try await client.call(.registerAgent, other) }
            #expect(error.code == .conflict)
            _ = try await client.call(.registerAgent, registration)
        }
    }

    @Test("that come first bring what is around them as targets, once and for all")
    func defaultTargets() async throws {
        let registration = registration
        let settings = ["ORCHESTRATOR_GATEWAY_URL": "http://127.0.0.1:8080/healthz"]
        try await withOrchestrator(in: directory, settings) { client in
            _ = try await client.call(.registerAgent, registration)
            let targets = try await client.call(.listTargets, TargetFilter()).targets
            var types: [String: [CheckType]] = [:]
            for target in targets {
                types[target.address] = try await client.call(.listChecks, CheckFilter(targetID: target.id)).checks
                    .map(\.type)
            }
            let expected: [String: [CheckType]] = [
                "127.0.0.1": [.icmp, .host], "192.0.2.1": [.icmp], "192.0.2.53": [.icmp, .dns], "127.0.0.53": [.dns],
                "http://127.0.0.1:8080/healthz": [.http],
            ]
            #expect(types == expected)
            for target in targets { _ = try await client.call(.deleteTarget, TargetRemoval(id: target.id)) }
            _ = try await client.call(.registerAgent, registration)
            #expect(try await client.call(.listTargets, TargetFilter()).targets.isEmpty)
        }
        try await withOrchestrator(in: directory, settings) { client in
            var other = registration
            other.name = "node-2"
            _ = try await client.call(.registerAgent, other)
            #expect(try await client.call(.listTargets, TargetFilter()).targets.isEmpty)
        }
    }

    @Test("that may not probe loopback bring no targets there but themselves")
    func withoutLoopback() async throws {
        var registration = registration
        registration.surroundings = .init(router: "192.0.2.1", resolvers: ["127.0.0.53"], allowsLoopback: false)
        try await withOrchestrator(in: directory) { [registration] client in
            _ = try await client.call(.registerAgent, registration)
            let targets = try await client.call(.listTargets, TargetFilter()).targets
            #expect(Set(targets.map(\.address)) == ["127.0.0.1", "192.0.2.1"])
            let own = try #require(targets.first { $0.address == "127.0.0.1" })
            let checks = try await client.call(.listChecks, CheckFilter(targetID: own.id)).checks
            #expect(checks.map(\.type) == [.host])
        }
    }

    @Test("whose router is their resolver bring it once, with both checks")
    func routerIsResolver() async throws {
        var registration = registration
        registration.surroundings = .init(router: "192.0.2.1", resolvers: ["192.0.2.1", "nonsense"])
        try await withOrchestrator(in: directory) { [registration] client in
            _ = try await client.call(.registerAgent, registration)
            let targets = try await client.call(.listTargets, TargetFilter(search: "router")).targets
            let router = try #require(targets.first)
            let checks = try await client.call(.listChecks, CheckFilter(targetID: router.id)).checks
            #expect(checks.map(\.type) == [.icmp, .dns])
            #expect(checks.last?.options.query == ".")
            #expect(try await client.call(.listTargets, TargetFilter()).targets.count == 2)
        }
    }
}
