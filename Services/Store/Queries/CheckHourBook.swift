import Contracts
import JSONRPC
import Observability
import Synchronization

/// Knows when checks were to run, so that a rest is not taken for silence.
///
/// Most checks have no schedule, which is remembered for a while; and so is that the orchestrator does not answer, when
/// every check counts as one without.
final class CheckHourBook: Sendable {
    private static let memory = Duration.seconds(5)
    private static let patience = Duration.milliseconds(500)
    private static let checksAtOnce = 1_000
    private static let maximumKnown = 100_000

    private let orchestrator: RPCClient
    private let now: @Sendable () -> Timestamp
    /// The checks without a schedule, and when they were asked for.
    private let unscheduled = Mutex<[CheckID: Timestamp]>([:])

    init(orchestrator: RPCClient, now: @escaping @Sendable () -> Timestamp) {
        self.orchestrator = orchestrator
        self.now = now
    }

    /// The spans of each check that has a schedule.
    func hours(of checks: Set<CheckID>, from: Timestamp, to: Timestamp) async -> [CheckID: [CheckHours.Span]] {
        let time = now()
        let unknown = unscheduled.withLock { known in
            checks.filter { check in
                guard let asked = known[check] else { return true }
                return asked > time || asked.duration(to: time) > Self.memory
            }
        }
        var hours: [CheckID: [CheckHours.Span]] = [:]
        let asked = unknown.sorted { $0.rawValue < $1.rawValue }
        for start in stride(from: 0, to: asked.count, by: Self.checksAtOnce) {
            let some = Array(asked[start..<min(start + Self.checksAtOnce, asked.count)])
            let query = CheckHoursQuery(checkIDs: some, from: from, to: to)
            let answer = try? await orchestrator.call(.listCheckHours, query, timeout: Self.patience)
            for (check, spans) in zip(some, answer?.hours ?? []) { hours[check] = spans }
        }
        remember(asked.filter { hours[$0] == nil }, at: time)
        return hours
    }

    private func remember(_ checks: [CheckID], at time: Timestamp) {
        unscheduled.withLock { known in
            if known.count + checks.count > Self.maximumKnown { known = [:] }
            for check in checks { known[check] = time }
        }
    }
}
