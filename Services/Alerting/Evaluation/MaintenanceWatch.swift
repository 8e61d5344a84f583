import Contracts
import JSONRPC
import Lifecycle
import Observability

/// Asks the orchestrator again and again what is under maintenance; when it is away, the last answer counts.
struct MaintenanceWatch: Sendable {
    private static let patience = Duration.seconds(2)

    let orchestrator: RPCClient
    let interval: Duration
    let clock: any Clock<Duration>
    let log: Log
    let times = Latest(MaintenanceTimes())

    /// Asks once, so that what is evaluated first is judged by what is known; runs on when nobody answers.
    func prepare() async {
        do {
            try await look()
        } catch {
            log.warning("cannot tell what is under maintenance", ["error": "\(error)"])
        }
    }

    /// Runs until it is cancelled.
    func run() async throws {
        var hasFailed = false
        while true {
            try await clock.sleep(for: interval)
            do {
                try await look()
                hasFailed = false
            } catch  where !Task.isCancelled {
                if !hasFailed { log.warning("cannot tell what is under maintenance", ["error": "\(error)"]) }
                hasFailed = true
            }
        }
    }

    private func look() async throws {
        let calendar = try await orchestrator.call(.maintenanceCalendar, Empty(), timeout: Self.patience)
        let new = MaintenanceTimes(calendar)
        if new != times.current.value { times.update(new) }
    }
}
