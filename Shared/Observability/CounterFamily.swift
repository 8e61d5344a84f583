import Synchronization

/// Counts that only grow, one for each combination of label values.
public final class CounterFamily: MetricFamily {
    let name: String
    let help: String
    let type = "counter"
    private let labels: [String]
    private let counters = Mutex<[[String]: Counter]>([:])

    init(name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        self.labels = labels
    }

    /// The counter of these label values; keep it where it is used often.
    public func callAsFunction(_ values: String...) -> Counter {
        precondition(values.count == labels.count, "one value a label")
        return counters.withLock { counters in
            if let counter = counters[values] { return counter }
            let counter = Counter()
            counters[values] = counter
            return counter
        }
    }

    func print(to page: inout String) {
        for (values, counter) in counters.withLock({ $0 }).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            page += values.isEmpty ? "\(name) " : "\(name){\(labelText(labels, values))} "
            page += "\(counter.value)\n"
        }
    }
}

public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    public func increment(by amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }
}
