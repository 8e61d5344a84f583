import Synchronization

/// Distributions in fixed buckets, one for each combination of label values.
public final class HistogramFamily: MetricFamily {
    /// Bounds that suit times from a tenth of a millisecond to ten seconds.
    public static let seconds = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

    let name: String
    let help: String
    let type = "histogram"
    private let labels: [String]
    private let bounds: [Double]
    private let histograms = Mutex<[[String]: Histogram]>([:])

    init(name: String, help: String, labels: [String], bounds: [Double]) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
    }

    /// The histogram of these label values; keep it where it is used often.
    public func callAsFunction(_ values: String...) -> Histogram {
        precondition(values.count == labels.count, "one value a label")
        return histograms.withLock { histograms in
            if let histogram = histograms[values] { return histogram }
            let histogram = Histogram(bounds: bounds)
            histograms[values] = histogram
            return histogram
        }
    }

    func print(to page: inout String) {
        let sorted = histograms.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (values, histogram) in sorted {
            histogram.snapshot.print(to: &page, name: name, labels: labelText(labels, values), bounds: bounds)
        }
    }
}

public final class Histogram: Sendable {
    struct Snapshot {
        var buckets: [Int]
        var sum = 0.0

        func print(to page: inout String, name: String, labels: String, bounds: [Double]) {
            let prefix = labels.isEmpty ? "" : labels + ","
            var count = 0
            for (index, bucket) in buckets.enumerated() {
                count += bucket
                let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
                page += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(count)\n"
            }
            let braces = labels.isEmpty ? "" : "{\(labels)}"
            page += "\(name)_sum\(braces) \(sum)\n\(name)_count\(braces) \(count)\n"
        }
    }

    private let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Snapshot(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    public func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.buckets[bucket] += 1
            state.sum += value
        }
    }

    var snapshot: Snapshot { state.withLock { $0 } }
}
