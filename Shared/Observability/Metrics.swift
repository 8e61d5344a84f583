import Synchronization

/// The metrics of one process, printed in the Prometheus text format (version 0.0.4).
public final class Metrics: Sendable {
    private let families = Mutex<[any MetricFamily]>([])
    private let sampled = Mutex<[@Sendable () -> [SampledFamily]]>([])

    public init() {}

    public func counter(_ name: String, _ help: String, labels: [String] = []) -> CounterFamily {
        add(CounterFamily(name: name, help: help, labels: labels))
    }

    public func histogram(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        bounds: [Double] = HistogramFamily.seconds
    ) -> HistogramFamily {
        add(HistogramFamily(name: name, help: help, labels: labels, bounds: bounds))
    }

    /// A value that is asked for when the metrics are printed: a depth, a size, a state.
    public func gauge(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double) {
        _ = add(ReadFamily(name: name, help: help, type: "gauge", read: read))
    }

    /// A count that is kept elsewhere and asked for when the metrics are printed.
    public func counter(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double) {
        _ = add(ReadFamily(name: name, help: help, type: "counter", read: read))
    }

    /// A distribution that is kept elsewhere: bounds, a count a bucket (one more than bounds), and the sum.
    public func histogram(
        _ name: String,
        _ help: String,
        _ read: @escaping @Sendable () -> (bounds: [Double], buckets: [Int], sum: Double)
    ) {
        _ = add(ReadHistogramFamily(name: name, help: help, read: read))
    }

    /// Families that are kept elsewhere and asked for when the metrics are printed, all at one moment; behind the others.
    public func families(_ read: @escaping @Sendable () -> [SampledFamily]) {
        sampled.withLock { $0.append(read) }
    }

    /// The whole page, in UTF-8.
    public func text() -> [UInt8] {
        var page = ""
        let own = families.withLock { $0 }.sorted { $0.name < $1.name }
        for family in own + sampled.withLock({ $0 }).flatMap({ $0() }) {
            page += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.type)\n"
            family.print(to: &page)
        }
        return Array(page.utf8)
    }

    private func add<Family: MetricFamily>(_ family: Family) -> Family {
        families.withLock { families in
            precondition(!families.contains { $0.name == family.name }, "a metric's name is its own")
            families.append(family)
        }
        return family
    }
}

/// All series of one name.
protocol MetricFamily: Sendable {
    var name: String { get }
    var help: String { get }
    var type: String { get }
    func print(to page: inout String)
}

private struct ReadFamily: MetricFamily {
    let name: String
    let help: String
    let type: String
    let read: @Sendable () -> Double

    func print(to page: inout String) {
        page += "\(name) \(read())\n"
    }
}

private struct ReadHistogramFamily: MetricFamily {
    let name: String
    let help: String
    let type = "histogram"
    let read: @Sendable () -> (bounds: [Double], buckets: [Int], sum: Double)

    func print(to page: inout String) {
        let (bounds, buckets, sum) = read()
        Histogram.Snapshot(buckets: buckets, sum: sum).print(to: &page, name: name, labels: "", bounds: bounds)
    }
}

/// Label names and values as they stand between braces; escapes what the format asks for.
func labelText(_ names: [String], _ values: [String]) -> String {
    zip(names, values).map { name, value in
        let escaped = value.unicodeScalars.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
        return "\(name)=\"\(escaped)\""
    }.joined(separator: ",")
}
