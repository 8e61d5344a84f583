import Contracts
import JSONRPC
import OrchestratorService
import ServiceTesting
import Testing

@Suite("Assignments", .everyEngine)
struct AssignmentTests {
    let directory: TemporaryDirectory
    let registration = AgentRegistration(name: "node-1", version: "1", surroundings: .init())

    init() throws { directory = try TemporaryDirectory() }

    @Test("begin with what is to be run now, and go on with every kind of change")
    func follow() async throws {
        let registration = registration
        try await withOrchestrator(in: directory) { client in
            let target = try await client.call(.createTarget, NewTarget(address: "a.example", name: "A"))
            let agent = try await client.call(.registerAgent, registration)
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            var last = stream.result
            /// The first set that `isExpected`, which must come.
            func next(_ isExpected: (AssignmentSet) -> Bool) async throws {
                while !isExpected(last) {
                    let set = try #require(try await stream.next())
                    #expect(set.revision > last.revision)
                    last = set
                }
            }
            try await next { $0.assignments.map(\.address) == ["a.example"] }
            _ = try await client.call(.createCheck, NewCheck(targetID: target.id, type: .tcp))
            try await next { $0.assignments.map(\.check.type) == [.icmp, .tcp] }
            _ = try await client.call(.updateTarget, TargetChange(id: target.id, name: "B", address: "b.example"))
            try await next { $0.assignments.allSatisfy { $0.targetName == "B" && $0.address == "b.example" } }
            let check = try #require(last.assignments.first?.check)
            _ = try await client.call(.updateCheck, CheckChange(id: check.id, enabled: false))
            try await next { $0.assignments.map(\.check.type) == [.tcp] }
            _ = try await client.call(.updateTarget, TargetChange(id: target.id, enabled: false))
            try await next { $0.assignments.isEmpty }
            _ = try await client.call(.updateTarget, TargetChange(id: target.id, enabled: true))
            try await next { $0.assignments.count == 1 }
            _ = try await client.call(.deleteTarget, TargetRemoval(id: target.id))
            try await next { $0.assignments.isEmpty }
        }
    }

    @Test("that an agent is too slow for are left out, and the newest is not")
    func slowAgent() async throws {
        let registration = registration
        try await withOrchestrator(in: directory) { client in
            let agent = try await client.call(.registerAgent, registration)
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            for number in 0..<100 {
                _ = try await client.call(.createTarget, NewTarget(address: "h\(number).example"))
            }
            var count = stream.result.assignments.count
            var sets = 0
            while count < 101 {
                count = try #require(try await stream.next()).assignments.count
                sets += 1
            }
            #expect(sets <= 100)
        }
    }

    @Test(
        "are for the process of an agent that came last; the one before hears of it, and has them again when that is gone"
    )
    func processes() async throws {
        let registration = registration
        try await withOrchestrator(in: directory) { client in
            let agent = try await client.call(.registerAgent, registration)
            let (one, two) = (AgentProcessID.make(), AgentProcessID.make())
            func follow(
                _ process: AgentProcessID?,
                standsBy: Bool? = nil
            ) async throws -> RPCSubscription<AssignmentSet, AssignmentSet> {
                let request = AssignmentRequest(id: agent.id, process: process, standsBy: standsBy)
                return try await client.follow(.followAssignments, request)
            }
            let nameless = try await follow(nil)
            let first = try await follow(one)
            // The same process comes back, as over a new connection.
            let again = try await follow(one)
            while try await first.next() != nil {}
            try await { () async throws in
                let second = try await follow(two)
                #expect(try await failure { while try await again.next() != nil {} }.isDisplaced)
                #expect(try await failure { try await follow(one, standsBy: true) }.isDisplaced)
                withExtendedLifetime(second) {}
            }()
            // That the second is gone is noticed a moment later.
            var back: RPCSubscription<AssignmentSet, AssignmentSet>?
            while back == nil {
                do {
                    back = try await follow(one, standsBy: true)
                } catch let error as RPCError where error.isDisplaced {
                    await pause()
                }
            }
            _ = try await client.call(.createTarget, NewTarget(address: "a.example"))
            var set = try #require(try await back?.next())
            while set.assignments.isEmpty { set = try #require(try await back?.next()) }
            #expect(try await nameless.next() != nil)
        }
    }

    @Test("are for a process that stands by when the other's agent is heard of no more")
    func silentProcess() async throws {
        let (registration, time) = (registration, ManualTime())
        try await withOrchestrator(in: directory, time: time) { client in
            let agent = try await client.call(.registerAgent, registration)
            let first = try await client.follow(
                .followAssignments,
                AssignmentRequest(id: agent.id, process: .make())
            )
            let other = AssignmentRequest(id: agent.id, process: .make(), standsBy: true)
            #expect(try await failure { try await client.follow(.followAssignments, other) }.isDisplaced)
            time.advance(by: .seconds(60))
            _ = try await client.follow(.followAssignments, other)
            #expect(try await failure { while try await first.next() != nil {} }.isDisplaced)
        }
    }

    @Test("have a revision that goes on growing after a restart")
    func revision() async throws {
        let registration = registration
        let revision = RevisionBox()
        try await withOrchestrator(in: directory) { client in
            let agent = try await client.call(.registerAgent, registration)
            _ = try await client.call(.createTarget, NewTarget(address: "a.example"))
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            var set = stream.result
            while set.assignments.count < 3 { set = try #require(try await stream.next()) }
            await revision.set(set.revision)
        }
        try await withOrchestrator(in: directory) { client in
            let agent = try await client.call(.registerAgent, registration)
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            #expect(await revision.value == stream.result.revision)
            #expect(stream.result.assignments.count == 3)
        }
    }

    @Test("share a target's rate among all agents, and anew with each one that comes")
    func pacing() async throws {
        let registration = registration
        try await withOrchestrator(in: directory) { client in
            let first = try await client.call(.registerAgent, registration)
            var new = NewTarget(address: "a.example", checks: [NewTargetCheck(type: .icmp, intervalMilliseconds: 200)])
            new.maximumRate = 10
            let target = try await client.call(.createTarget, new)
            #expect(target.maximumRate == 10)
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: first.id))
            var set = stream.result
            func paced() -> Assignment? { set.assignments.first { $0.check.targetID == target.id } }
            while paced() == nil { set = try #require(try await stream.next()) }
            #expect(set.agents == [first.id])
            #expect(paced()?.pacing?.grid(ofAgent: 0).interval == 200_000)
            var other = registration
            other.name = "another"
            let second = try await client.call(.registerAgent, other)
            while set.agents.count < 2 { set = try #require(try await stream.next()) }
            #expect(Set(set.agents) == [first.id, second.id])
            var change = TargetChange(id: target.id)
            change.maximumRate = 0
            #expect(try await client.call(.updateTarget, change).maximumRate == nil)
            while paced()?.pacing != nil { set = try #require(try await stream.next()) }
            #expect(set.agents.isEmpty)
        }
    }

    @Test("end when the orchestrator stops, so that agents turn to the next one")
    func stop() async throws {
        let registration = registration
        try await withStoppableOrchestrator(in: directory) { client, orchestrator in
            let agent = try await client.call(.registerAgent, registration)
            let stream = try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            await orchestrator.drain()
            while try await stream.next() != nil {}
            let error = try await failure {
                try await client.follow(.followAssignments, AssignmentRequest(id: agent.id))
            }
            #expect(error.code == .unavailable)
        }
    }
}

actor RevisionBox {
    private(set) var value = 0

    func set(_ value: Int) { self.value = value }
}
