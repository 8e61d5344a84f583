import Contracts
import JSONRPC
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import StoreService

@Suite("Hosts outside, as a store knows them")
struct EnrolledAgentTests {
    /// An orchestrator that knows one enrolment, or none, and may be away.
    private final class Orchestrator: Sendable {
        let agent = Mutex<AgentID?>(nil)
        let isAway = Mutex(false)
        let calls = Mutex(0)
        /// Since the test began.
        let passed = Mutex(Duration.zero)

        var client: RPCClient {
            var router = RPCRouter(title: "orchestrator", log: Log(label: "test", sink: MemorySink()))
            router.handle(.identifyAgent) { [self] _ in
                calls.withLock { $0 += 1 }
                guard !isAway.withLock({ $0 }) else { throw RPCError(.unavailable, "away") }
                return EnrolledAgentIdentity(agentID: agent.withLock { $0 })
            }
            return RPCClient(inProcess: router, as: .store)
        }
    }

    private static let host = "spiffe://sonde/ns/enrolled-0190163d-8694-739b-aea5-966c26f8ad91/sa/probe-agent"

    private let orchestrator = Orchestrator()

    private func agents() -> EnrolledAgents {
        let start = ContinuousClock.now
        return EnrolledAgents(orchestrator: orchestrator.client) { [orchestrator] in
            start.advanced(by: orchestrator.passed.withLock { $0 })
        }
    }

    /// What is answered to the host when it reports as `agent`.
    private func refusal(_ agents: EnrolledAgents, _ agent: AgentID) async -> RPCError.Code? {
        do {
            try await calling(as: Self.host) { try await agents.requireCaller(isAgent: agent) }
            return nil
        } catch {
            return (error as? RPCError)?.code
        }
    }

    @Test("report as the agent that they were enrolled as alone, and are asked for now and then")
    func own() async {
        let (own, other, agents) = (AgentID.make(), AgentID.make(), agents())
        orchestrator.agent.withLock { $0 = own }
        #expect(await refusal(agents, other) == .permissionDenied)
        for _ in 0..<10 { #expect(await refusal(agents, own) == nil) }
        #expect(await refusal(agents, other) == .permissionDenied)
        #expect(orchestrator.calls.withLock { $0 } == 2)
        orchestrator.passed.withLock { $0 += .seconds(31) }
        #expect(await refusal(agents, own) == nil)
        #expect(orchestrator.calls.withLock { $0 } == 3)
    }

    @Test("are refused soon after their enrolment is deleted, and taken again under a new id")
    func deleted() async {
        let (own, next, agents) = (AgentID.make(), AgentID.make(), agents())
        orchestrator.agent.withLock { $0 = own }
        #expect(await refusal(agents, own) == nil)
        orchestrator.agent.withLock { $0 = nil }
        orchestrator.passed.withLock { $0 += .seconds(31) }
        #expect(await refusal(agents, own) == .permissionDenied)
        orchestrator.agent.withLock { $0 = next }
        #expect(await refusal(agents, next) == nil)
    }

    @Test("are taken for what they were while the orchestrator is away, and for nothing else")
    func away() async {
        let (own, other, agents) = (AgentID.make(), AgentID.make(), agents())
        orchestrator.agent.withLock { $0 = own }
        orchestrator.isAway.withLock { $0 = true }
        #expect(await refusal(agents, own) == .unavailable)
        orchestrator.isAway.withLock { $0 = false }
        #expect(await refusal(agents, own) == nil)
        orchestrator.isAway.withLock { $0 = true }
        orchestrator.passed.withLock { $0 += .seconds(3_600) }
        #expect(await refusal(agents, own) == nil)
        #expect(await refusal(agents, other) == .unavailable)
    }

    @Test("are asked for in appends and in gaps, and agents of the cluster in neither")
    func methods() async throws {
        let log = Log(label: "test", sink: MemorySink())
        var router = RPCRouter(title: "orchestrator", log: log)
        router.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map { _ in .first }) }
        router.handle(.identifyAgent) { _ in EnrolledAgentIdentity(agentID: nil) }
        let directory = try TemporaryDirectory()
        let orchestrator = RPCClient(inProcess: router, as: .store)
        try await withStore(in: directory, orchestrator: orchestrator) { store in
            let (client, now) = (store.client, store.time.now)
            let batch = Watch().batch(1, before: now)
            _ = try await client.call(.appendMeasurements, batch)
            let gap = Gap(id: .make(), agentID: batch.agentID, from: now, to: now, rows: 1, cause: .refused)
            _ = try await client.call(.reportGap, gap)
            try await calling(as: Self.host) {
                for error in [
                    try await failure { try await client.call(.appendMeasurements, batch) },
                    try await failure { try await client.call(.reportGap, gap) },
                ] {
                    #expect(error.code == .permissionDenied)
                }
            }
        }
    }
}
