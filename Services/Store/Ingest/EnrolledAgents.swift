import Contracts
import JSON
import JSONRPC
import Synchronization
import Tokens

/// Knows which agents the hosts outside are, so that none of them reports as another one.
///
/// An agent of the cluster is believed: all of them have one identity.
final class EnrolledAgents: Sendable {
    private struct Entry {
        var agent: AgentID
        var askedAt: ContinuousClock.Instant
    }

    /// How long an answer is good, and so how long an enrolment that was deleted is felt later here.
    private static let lifetime = Duration.seconds(30)
    private static let capacity = 10_000

    private let orchestrator: RPCClient
    private let uptime: @Sendable () -> ContinuousClock.Instant
    private let known = Mutex<[EnrolmentID: Entry]>([:])

    init(orchestrator: RPCClient, uptime: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.orchestrator = orchestrator
        self.uptime = uptime
    }

    /// Throws `permissionDenied` for a host that was not enrolled as this agent, or is no more, and `unavailable` for one
    /// that nothing is known of while the orchestrator does not answer.
    func requireCaller(isAgent id: AgentID) async throws(RPCError) {
        guard let caller = EnrolledCaller.ofCall else { return }
        let entry = known.withLock { $0[caller.enrolment] }
        if let entry, entry.agent == id, entry.askedAt.duration(to: uptime()) < Self.lifetime { return }
        let agent: AgentID?
        do {
            agent = try await orchestrator.call(.identifyAgent, EnrolmentReference(id: caller.enrolment)).agentID
        } catch {
            // What was so before is taken to be so still: measurements are not to wait for the orchestrator.
            guard entry?.agent != id else { return }
            throw RPCError(
                .unavailable,
                "the orchestrator does not say which agent this is",
                data: ["retry_after_ms": 1_000]
            )
        }
        remember(agent, caller.enrolment)
        guard agent == id else {
            throw RPCError(.permissionDenied, "the caller was not enrolled as agent \(id), or is no more")
        }
    }

    private func remember(_ agent: AgentID?, _ enrolment: EnrolmentID) {
        let now = uptime()
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[enrolment] = agent.map { Entry(agent: $0, askedAt: now) }
        }
    }
}
