/// Count, sum and extremes of any number of values; summaries of parts merge into that of the whole.
public struct Summary: Codable, Equatable, Sendable {
    public private(set) var count: UInt64 = 0
    public private(set) var sum = 0.0
    /// `nil` when there is no value.
    public private(set) var minimum: Double?
    public private(set) var maximum: Double?

    public init() {}

    /// What `count` values, at least one, amount to.
    public init(count: UInt64, sum: Double, range: ClosedRange<Double>) {
        self.count = count
        self.sum = sum
        minimum = range.lowerBound
        maximum = range.upperBound
    }

    public var mean: Double? { count == 0 ? nil : sum / Double(count) }

    public mutating func add(_ value: Double) {
        count += 1
        sum += value
        minimum = minimum.map { min($0, value) } ?? value
        maximum = maximum.map { max($0, value) } ?? value
    }

    public mutating func merge(_ other: Summary) {
        count += other.count
        sum += other.sum
        if let value = other.minimum { minimum = minimum.map { min($0, value) } ?? value }
        if let value = other.maximum { maximum = maximum.map { max($0, value) } ?? value }
    }
}
