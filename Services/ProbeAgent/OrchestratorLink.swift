import Contracts
import JSONRPC
import Lifecycle
import Observability

/// Keeps an agent known to the orchestrator, and its assignments up to date.
struct OrchestratorLink: Sendable {
    private static let pauseAfterRefusal = Duration.seconds(60)
    /// How often a process asks whose place another one has taken.
    private static let pauseOnStandby = Duration.seconds(2)

    let orchestrator: RPCClient
    let registration: @Sendable () -> AgentRegistration
    let clock: any Clock<Duration>
    let log: Log
    private let process = AgentProcessID.make()

    init(
        orchestrator: RPCClient,
        registration: @escaping @Sendable () -> AgentRegistration,
        clock: any Clock<Duration>,
        log: Log
    ) {
        self.orchestrator = orchestrator
        self.registration = registration
        self.clock = clock
        self.log = log
    }

    /// Calls `apply` with every set of assignments that comes, and `rest` when another process has taken this one's
    /// place, which stands by from then on; until the task is cancelled.
    func run(
        _ apply: @escaping @Sendable (AgentID, AssignmentSet) async -> Void,
        rest: @Sendable () async -> Void
    ) async throws {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(from: .milliseconds(100), to: .seconds(5))
        var hasFailed = false
        var agent: AgentID?
        var standsBy = false
        while true {
            var pause = Duration.zero
            do {
                if standsBy, let agent {
                    let request = AssignmentRequest(id: agent, process: process, standsBy: true)
                    _ = try await orchestrator.follow(.followAssignments, request)
                    log.info("runs again what it is assigned")
                }
                standsBy = false
                let welcome = try await orchestrator.call(.registerAgent, registration())
                agent = welcome.id
                let request = AssignmentRequest(id: welcome.id, process: process)
                let stream = try await orchestrator.follow(.followAssignments, request)
                await apply(welcome.id, stream.result)
                backoff.reset()
                hasFailed = false
                try await hold(stream, welcome, apply)
            } catch let error as RPCError where error.isDisplaced {
                if !standsBy {
                    log.warning("stands by, since another process goes by this agent's name")
                    await rest()
                }
                standsBy = true
                pause = Self.pauseOnStandby
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
