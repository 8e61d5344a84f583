import Contracts
import Observability
import Probing

/// What an agent counts of its probes.
struct ProbeMetrics {
    private struct Kind: Hashable {
        var type: CheckType
        var reason: FailureReason
    }

    private let outcomes: CounterFamily
    private let missed: CounterFamily
    private let lateness: Histogram
    /// Found once, since finding one takes longer than counting.
    private var counters: [Kind: Counter] = [:]

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
        lateness = metrics.histogram(
            "sonde_probe_lateness_seconds",
            "Time between when a probe was due and its start.",
            bounds: [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1]
        )()
    }

    mutating func note(_ result: CheckResult) {
        let outcome = result.outcome
        let kind = Kind(type: result.type, reason: outcome.reason)
        if let known = counters[kind] { return known.increment() }
        let counter = outcomes(result.type.rawValue, outcome.status.name, outcome.reason.name ?? "")
        counters[kind] = counter
        counter.increment()
    }

    func noteStart(after due: Timestamp) {
        lateness.observe(abs(due.duration(to: .now) / .seconds(1)))
    }

    /// Takes over totals that only grow.
    func note(_ totals: ProbeSchedule.Missed) {
        let overlapping = missed("overlapping")
        let late = missed("late")
        overlapping.increment(by: totals.overlapping - overlapping.value)
        late.increment(by: totals.late - late.value)
    }
}
