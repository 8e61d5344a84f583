/// An exponentially weighted moving average.
public struct EWMA: Sendable {
    /// The weight of a new sample, in 0...1.
    public let alpha: Double
    /// `nil` until the first sample.
    public private(set) var mean: Double?

    public init(alpha: Double) {
        precondition((0...1).contains(alpha), "alpha is a weight")
        self.alpha = alpha
    }

    public mutating func add(_ sample: Double) {
        mean = mean.map { $0 + alpha * (sample - $0) } ?? sample
    }
}
