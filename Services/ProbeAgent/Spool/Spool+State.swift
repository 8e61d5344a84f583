import EventLoop
import Lifecycle
import Observability

extension Spool {
    /// Does something with the disk that can be done without.
    func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch let error as SystemError {
            note(error)
        } catch {
            log.error("cannot write what the agent knows", ["error": "\(error)"])
        }
    }

    /// Says once that the disk fails, for as long as it does.
    func note(_ error: SystemError) {
        metrics.failures.increment()
        if failure == nil {
            log.error(
                "cannot write the spool; measurements stay in memory, within bounds",
                ["error": "\(error)", "bytes": "\(settings.queueBytes)"]
            )
        }
        failure = error
    }

    func noteSuccess() {
        guard failure != nil else { return }
        failure = nil
        log.info("the spool is written again")
        saveGaps()
    }

    /// Tells those who wait, and the metrics, how things are.
    func publish(quietly: Bool = false) {
        let snapshot = SpoolMetrics.Snapshot(
            waiting: (segments?.waiting ?? 0) + takenFromMemory,
            bytes: segments?.bytes ?? 0,
            isFailing: failure != nil
        )
        metrics.publish(snapshot)
        if !quietly { changes.update(()) }
    }
}
