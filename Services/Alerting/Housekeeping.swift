import Contracts
import Database
import Observability

/// Removes incidents that ended long ago, with their deliveries, silences that are over, and what was counted of checks
/// that are no more.
struct Housekeeping: Sendable {
    private static let interval = Duration.seconds(3_600)
    /// Incidents that one transaction removes.
    private static let incidentsAtOnce = 1_000
    /// How long a check may be silent before its rows are forgotten; never while it fires.
    private static let patience = Duration.seconds(7 * 86_400)
    /// How long a silence is kept that is over.
    private static let silenceRetention = Duration.seconds(30 * 86_400)

    let book: AlertBook
    let retention: Duration
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    /// Runs until it is cancelled.
    func run() async throws {
        while true {
            do {
                try await cleanOnce()
            } catch  where !Task.isCancelled {
                log.warning("cannot remove old incidents", ["error": "\(error)"])
            }
            try await clock.sleep(for: Self.interval)
        }
    }

    private func cleanOnce() async throws {
        let now = now()
        let ended = now.advanced(by: .zero - retention).microseconds
        var removed = 0
        repeat {
            removed = try await book.write { connection in
                try connection.execute(
                    """
                    DELETE FROM incident WHERE id IN (
                        SELECT id FROM incident WHERE state = 'resolved' AND ended_at < \(ended)
                        LIMIT \(Self.incidentsAtOnce))
                    """
                )
            }
        } while removed == Self.incidentsAtOnce
        let silent = now.advanced(by: .zero - Self.patience).microseconds
        let over = now.advanced(by: .zero - Self.silenceRetention).microseconds
        _ = try await book.write { connection in
            try connection.execute("DELETE FROM streak WHERE incident_id IS NULL AND newest < \(silent)")
            try connection.execute("DELETE FROM silence WHERE ends_at < \(over)")
        }
    }
}
