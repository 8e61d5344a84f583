import Observability
import Synchronization

/// What an agent counts of its spool.
final class SpoolMetrics: Sendable {
    struct Snapshot: Sendable {
        /// Rows that are not acknowledged, but for those that have not been written.
        var waiting = 0
        var bytes = 0
        var isFailing = false
    }

    let kept: Counter
    let failures: Counter
    let dropped: CounterFamily
    private let state: Mutex<Snapshot>

    init(_ metrics: Metrics) {
        kept = metrics.counter("sonde_agent_kept_rows_total", "Measurements that were written to the spool.")()
        failures = metrics.counter("sonde_agent_spool_failures_total", "Times that the spool could not be used.")()
        dropped = metrics.counter(
            "sonde_agent_dropped_rows_total",
            "Measurements that are gone, by why; each is part of a gap.",
            labels: ["cause"]
        )
        state = Mutex(Snapshot())
    }

    var snapshot: Snapshot { state.withLock { $0 } }

    func publish(_ snapshot: Snapshot) {
        state.withLock { $0 = snapshot }
    }

    /// Adds what is read off `spool` when it is asked for.
    func addGauges(of spool: Spool, to metrics: Metrics) {
        metrics.gauge("sonde_agent_queue_rows", "Measurements that the store has not acknowledged.") {
            Double(spool.waiting)
        }
        metrics.gauge("sonde_agent_spool_bytes", "What the spool takes on disk.") { Double(self.snapshot.bytes) }
        metrics.gauge("sonde_agent_spool_failing", "1 while the spool cannot be written.") {
            self.snapshot.isFailing ? 1 : 0
        }
    }
}
