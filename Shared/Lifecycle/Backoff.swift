/// How long to wait before the next try: doubling from `first` to `last`, each wait a random share of its bound ("full
/// jitter": M.
///
/// Brooker, "Exponential Backoff And Jitter"), so that many clients do not come back together.
public struct Backoff: Sendable {
    private let first: Duration
    private let last: Duration
    private var attempts = 0

    public init(from first: Duration = .milliseconds(30), to last: Duration = .seconds(30)) {
        self.first = first
        self.last = last
    }

    public mutating func reset() {
        attempts = 0
    }

    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let bound = min(last, first * (1 << min(attempts, 20)))
        attempts += 1
        return bound * Double.random(in: 0...1, using: &generator)
    }
}
