import Contracts
import Observability
import Probing

/// What an agent counts of its probes.
struct ProbeMetrics: Sendable {
    private let outcomes: CounterFamily
    private let missed: CounterFamily

    init(_ metrics: Metrics) {
        outcomes = metrics.counter(
            "sonde_probes_total",
            "Probes that ended, by type, status and reason.",
            labels: ["type", "status", "reason"]
        )
        missed = metrics.counter(
            "sonde_missed_slots_total",
            "Probes that did not start when they were due, by what was in the way.",
            labels: ["cause"]
        )
    }

    func note(_ result: CheckResult) {
        let outcome = result.outcome
        outcomes(result.type.rawValue, outcome.status.name, outcome.reason.name ?? "").increment()
    }

    /// Takes over totals that only grow.
    func note(_ totals: ProbeSchedule.Missed) {
        let overlapping = missed("overlapping")
        let late = missed("late")
        overlapping.increment(by: totals.overlapping - overlapping.value)
        late.increment(by: totals.late - late.value)
    }
}
