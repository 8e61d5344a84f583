import Contracts
import JSONRPC
import Lifecycle
import Observability

/// Keeps an agent known to the orchestrator, and its assignments up to date.
struct OrchestratorLink: Sendable {
    private static let pauseAfterRefusal = Duration.seconds(60)

    let orchestrator: RPCClient
    let registration: @Sendable () -> AgentRegistration
    let clock: any Clock<Duration>
    let log: Log

    /// Calls `apply` with every set of assignments that comes, until the task is cancelled.
    func run(_ apply: @escaping @Sendable (AgentID, AssignmentSet) async -> Void) async throws {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(from: .milliseconds(100), to: .seconds(5))
        var hasFailed = false
        while true {
            var pause = Duration.zero
            do {
                let welcome = try await orchestrator.call(.registerAgent, registration())
                let stream = try await orchestrator.follow(.followAssignments, AgentReference(id: welcome.id))
                await apply(welcome.id, stream.result)
                backoff.reset()
                hasFailed = false
                try await hold(stream, welcome, apply)
            } catch {
                try Task.checkCancellation()
                if !hasFailed { log.warning("no assignments from the orchestrator", ["error": "\(error)"]) }
                hasFailed = true
                // Nothing but an operator changes that.
                if (error as? RPCError)?.code == .permissionDenied { pause = Self.pauseAfterRefusal }
            }
            try await clock.sleep(for: max(pause, backoff.next(using: &random)))
        }
    }

    /// Returns or throws when the stream has ended, or a heartbeat was not answered.
    private func hold(
        _ stream: RPCSubscription<AssignmentSet, AssignmentSet>,
        _ welcome: AgentWelcome,
        _ apply: @escaping @Sendable (AgentID, AssignmentSet) async -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let set = try await stream.next() { await apply(welcome.id, set) }
            }
            group.addTask {
                try await beat(AgentReference(id: welcome.id), every: .milliseconds(welcome.heartbeatMilliseconds))
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func beat(_ reference: AgentReference, every interval: Duration) async throws {
        while true {
            try await clock.sleep(for: interval)
            _ = try await orchestrator.call(.heartbeat, reference, timeout: interval)
        }
    }
}
