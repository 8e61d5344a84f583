import Contracts
import Packing
import Statistics

/// What the measurements of a span amount to; those of parts, in the order of time, merge into that of the whole.
struct Rollup: Equatable, Sendable {
    private(set) var successes = 0
    private(set) var timeouts = 0
    private(set) var errors = 0
    /// Failures by their reason.
    private(set) var reasons: [FailureReason: Int] = [:]
    /// Requests, and those of them that were answered.
    private(set) var sent = 0
    private(set) var received = 0
    /// Milliseconds.
    private(set) var latencies = Statistics.Summary()
    private(set) var sketch = QuantileSketch()
    private var variation = Variation()

    /// The ends of a sequence of latencies, and how much each differs from the one before.
    private struct Variation: Equatable {
        var first = 0.0
        var last = 0.0
        var sum = 0.0
    }

    var count: Int { successes + timeouts + errors }
    var failures: Int { timeouts + errors }
    var isEmpty: Bool { count == 0 }
    /// The share of requests that were not answered; `nil` when there were none.
    var loss: Double? { sent == 0 ? nil : Double(sent - received) / Double(sent) }
    /// Milliseconds by which a latency differs from the one before, on the mean; `nil` for less than two.
    var jitter: Double? { latencies.count < 2 ? nil : variation.sum / Double(latencies.count - 1) }
    /// The mean opinion score (ITU-T G.107), half of the round trip taken for one way, and twice the jitter for the
    /// buffer that evens it out.
    var opinionScore: Double? {
        guard let mean = latencies.mean, let loss else { return nil }
        return EModel.opinionScore(rating: EModel.rating(delayMilliseconds: mean / 2 + 2 * (jitter ?? 0), loss: loss))
    }

    /// Adds row `row` of some columns.
    mutating func add(_ rows: MeasurementColumns, _ row: Int, withSketch: Bool = true) {
        switch rows.status[row] {
        case .success: successes += 1
        case .timeout: timeouts += 1
        case .error: errors += 1
        }
        if rows.reason[row] != .none { reasons[rows.reason[row], default: 0] += 1 }
        sent += rows.sent[row]
        received += rows.received[row]
        let latency = rows.latency[row]
        guard !latency.isNaN else { return }
        if latencies.count == 0 { variation.first = latency } else { variation.sum += abs(latency - variation.last) }
        variation.last = latency
        latencies.add(latency)
        if withSketch { sketch.add(latency) }
    }

    /// Adds what comes after this.
    mutating func merge(_ next: Rollup) {
        successes += next.successes
        timeouts += next.timeouts
        errors += next.errors
        reasons.merge(next.reasons, uniquingKeysWith: +)
        sent += next.sent
        received += next.received
        guard next.latencies.count > 0 else { return }
        if latencies.count == 0 {
            variation = next.variation
        } else {
            variation.sum += next.variation.sum + abs(next.variation.first - variation.last)
            variation.last = next.variation.last
        }
        latencies.merge(next.latencies)
        // All sketches here keep the same bound.
        try? sketch.merge(next.sketch)
    }
}

extension Rollup {
    /// Status counts, reasons, requests, then what there is of latencies: sum, extremes, variation and sketch.
    func pack(into writer: inout PackedWriter) {
        for count in [successes, timeouts, errors, sent, received, reasons.count] { writer.number(count) }
        for (reason, count) in reasons.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.byte(reason.rawValue)
            writer.number(count)
        }
        writer.number(latencies.count)
        guard let least = latencies.minimum, let most = latencies.maximum else { return }
        writer.real(least)
        // Of one latency, it says all.
        guard latencies.count > 1 else { return }
        for value in [most, latencies.sum, variation.first, variation.last, variation.sum] { writer.real(value) }
        sketch.pack(into: &writer)
    }

    /// Without its sketch the rest is not read.
    ///
    /// Throws `PackingError` or `StatisticsError` for what `pack` did not write.
    init(packed reader: inout PackedReader, withSketch: Bool = true) throws {
        successes = try reader.count()
        timeouts = try reader.count()
        errors = try reader.count()
        sent = try reader.count()
        received = try reader.count()
        for _ in 0..<(try reader.count(upTo: FailureReason.allCases.count)) {
            guard let reason = FailureReason(rawValue: try reader.byte()) else {
                throw PackingError(.malformed, "an unknown reason")
            }
            reasons[reason] = try reader.count()
        }
        let count = try reader.number()
        guard count > 0 else { return }
        let least = try reader.real()
        guard least.isFinite else { throw PackingError(.malformed, "a latency that is none") }
        guard count > 1 else {
            latencies.add(least)
            sketch.add(least)
            variation = Variation(first: least, last: least)
            return
        }
        let (most, sum) = (try reader.real(), try reader.real())
        guard least <= most else { throw PackingError(.malformed, "extremes in the wrong order") }
        latencies = Statistics.Summary(count: count, sum: sum, range: least...most)
        variation = Variation(first: try reader.real(), last: try reader.real(), sum: try reader.real())
        guard withSketch else { return }
        sketch = try QuantileSketch(packed: &reader, range: least...most)
        guard sketch.count == count else { throw PackingError(.malformed, "the sketch is of other latencies") }
    }
}
