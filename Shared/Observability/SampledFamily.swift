/// All series of one name as they are at one moment, for whoever shows or sends them.
public struct SampledFamily: Sendable {
    public enum Kind: String, Sendable {
        /// Only grows while the process lives.
        case counter
        case gauge
        case summary
    }

    public enum Value: Sendable {
        case number(Double)
        /// Sum and count only grow; each quantile is a fraction and the value below which that many lie.
        case summary(count: Double, sum: Double, quantiles: [(fraction: Double, value: Double)])
    }

    public struct Point: Sendable {
        /// In the order of their names; none is empty.
        public var labels: [MetricLabel]
        public var value: Value

        /// Labels without a value are left out, which is what their absence means.
        public init(_ labels: [MetricLabel], _ value: Value) {
            self.labels = labels.filter { !$0.value.isEmpty }.sorted { $0.name < $1.name }
            self.value = value
        }
    }

    public let name: String
    public let help: String
    /// As UCUM has it: `s`, or `1`.
    public let unit: String
    public let kind: Kind
    public var points: [Point] = []

    public init(_ name: String, _ help: String, _ kind: Kind, unit: String = "1") {
        self.name = name
        self.help = help
        self.kind = kind
        self.unit = unit
    }

    /// Hands over each series by its own name, with its value.
    public func forEachSeries(
        _ body: (_ name: String, _ labels: [MetricLabel], _ value: Double) throws -> Void
    ) rethrows {
        for point in points {
            switch point.value {
            case .number(let value): try body(name, point.labels, value)
            case .summary(let count, let sum, let quantiles):
                for (fraction, value) in quantiles {
                    try body(name, point.labels.adding(MetricLabel("quantile", "\(fraction)")), value)
                }
                try body("\(name)_sum", point.labels, sum)
                try body("\(name)_count", point.labels, count)
            }
        }
    }
}

public struct MetricLabel: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension [MetricLabel] {
    /// With one more, in the order of names.
    public func adding(_ label: MetricLabel) -> Self {
        var labels = self
        labels.insert(label, at: firstIndex { label.name < $0.name } ?? count)
        return labels
    }
}

extension SampledFamily: MetricFamily {
    var type: String { kind.rawValue }

    func print(to page: inout String) {
        forEachSeries { name, labels, value in
            page += name
            if !labels.isEmpty { page += "{\(labelText(labels.map(\.name), labels.map(\.value)))}" }
            page += " \(value)\n"
        }
    }
}
