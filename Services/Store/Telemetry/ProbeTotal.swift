import Contracts
import Statistics

/// What the measurements of one vantage, or of several together, amount to since the store follows them, and minute by
/// minute for the newest ones.
struct ProbeTotal: Sendable {
    /// What a minute amounts to, as far as no counter tells.
    struct Minute: Sendable {
        let index: Int64
        var sent = 0
        var received = 0
        /// Milliseconds.
        var latencies = QuantileSketch()

        init(_ index: Int64) { self.index = index }

        /// The share of requests that were not answered; `nil` when there were none.
        var loss: Double? { sent == 0 ? nil : Double(sent - received) / Double(sent) }
    }

    private(set) var successes = 0
    private(set) var timeouts = 0
    private(set) var errors = 0
    private(set) var sent = 0
    private(set) var received = 0
    private(set) var latencyCount = 0
    private(set) var latencySumMilliseconds = 0.0
    private var minutes: [Minute] = []

    /// Adds row `row` of some columns; of minutes, those in `kept` alone are remembered.
    mutating func add(_ rows: MeasurementColumns, _ row: Int, kept: ClosedRange<Int64>) {
        switch rows.status[row] {
        case .success: successes += 1
        case .timeout: timeouts += 1
        case .error: errors += 1
        }
        sent += rows.sent[row]
        received += rows.received[row]
        let latency = rows.latency[row]
        let hasLatency = latency.isFinite && latency >= 0
        if hasLatency {
            latencyCount += 1
            latencySumMilliseconds += latency
        }
        let index = RollupStep.minute.index(of: rows.timestamp[row])
        guard kept.contains(index) else { return }
        let place = place(of: index, kept)
        minutes[place].sent += rows.sent[row]
        minutes[place].received += rows.received[row]
        if hasLatency { minutes[place].latencies.add(latency) }
    }

    func minute(_ index: Int64) -> Minute? { minutes.first { $0.index == index } }

    /// Adds the counters of another vantage, and one minute of it.
    mutating func merge(_ other: ProbeTotal, minute index: Int64) {
        successes += other.successes
        timeouts += other.timeouts
        errors += other.errors
        sent += other.sent
        received += other.received
        latencyCount += other.latencyCount
        latencySumMilliseconds += other.latencySumMilliseconds
        guard let addition = other.minute(index) else { return }
        let place = place(of: index, index...index)
        minutes[place].sent += addition.sent
        minutes[place].received += addition.received
        // All sketches here keep the same bound.
        try? minutes[place].latencies.merge(addition.latencies)
    }

    /// Where a minute is; a new one takes the place of those that are not kept any more.
    private mutating func place(of index: Int64, _ kept: ClosedRange<Int64>) -> Int {
        if let place = minutes.firstIndex(where: { $0.index == index }) { return place }
        minutes.removeAll { !kept.contains($0.index) }
        minutes.append(Minute(index))
        return minutes.count - 1
    }
}
