import Statistics

/// Some round trips, summed up; in milliseconds, to the microsecond.
public struct RoundTripTimes: Equatable, Sendable {
    public var least: Double
    public var mean: Double
    public var last: Double
    public var most: Double
    /// Smoothed as RFC 3550 has it (section 6.4.1).
    public var jitter: Double
}

/// Sums up times as they come, in nanoseconds.
struct RoundTripSum: Sendable {
    private(set) var count = 0
    private(set) var least = UInt64.max
    private(set) var most: UInt64 = 0
    private(set) var last: UInt64 = 0
    private var sum: UInt64 = 0
    /// Of as many series as were put together, the sum of their jitters.
    private var jitters = 0.0
    private var series = 1.0
    private var variation = InterarrivalJitter()

    mutating func add(_ nanoseconds: UInt64) {
        count += 1
        last = nanoseconds
        least = min(least, nanoseconds)
        most = max(most, nanoseconds)
        sum += nanoseconds
        variation.add(transit: Double(nanoseconds))
        jitters = variation.jitter
    }

    /// Adds another series of times.
    mutating func add(_ other: RoundTripSum) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        count += other.count
        last = other.last
        least = min(least, other.least)
        most = max(most, other.most)
        sum += other.sum
        jitters += other.jitters
        series += other.series
    }

    /// `nil` when there are none.
    var times: RoundTripTimes? {
        guard count > 0 else { return nil }
        return RoundTripTimes(
            least: Self.milliseconds(Double(least)),
            mean: Self.milliseconds(Double(sum) / Double(count)),
            last: Self.milliseconds(Double(last)),
            most: Self.milliseconds(Double(most)),
            jitter: Self.milliseconds(jitters / series)
        )
    }

    static func milliseconds(_ nanoseconds: Double) -> Double { (nanoseconds / 1_000).rounded() / 1_000 }
}
