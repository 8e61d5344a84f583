/// Where the two ends of a time were read.
public enum TimeSource: String, Sendable, Comparable {
    /// Both in the kernel.
    case kernel
    /// The answer's arrival in the kernel, the start in this process.
    case kernelReceive = "kernel-receive"
    /// Both in this process; includes the time that the answer waited to be read.
    case user
    /// In a simulated network's own time.
    case simulation

    private var rank: Int {
        switch self {
        case .simulation: 0
        case .kernel: 1
        case .kernelReceive: 2
        case .user: 3
        }
    }

    /// What is less exact is greater.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// When something was sent, on every clock that was read; 0 for those that were not.
struct Departure: Equatable, Sendable {
    /// CLOCK_MONOTONIC in this process, before it was handed to the kernel.
    var monotonic: UInt64 = 0
    /// CLOCK_REALTIME at the same moment.
    var realtime: UInt64 = 0
    /// CLOCK_REALTIME when the driver took it.
    var kernel: UInt64 = 0
}

/// The best round trip that some readings allow.
struct RoundTrip: Equatable, Sendable {
    /// Clocks may differ by this much and still be believed.
    private static let slackNanoseconds: UInt64 = 1_000_000

    var nanoseconds: UInt64
    var source: TimeSource

    init(nanoseconds: UInt64, source: TimeSource) {
        self.nanoseconds = nanoseconds
        self.source = source
    }

    /// `arrived` is the kernel's CLOCK_REALTIME of the answer, 0 when it gave none; `read` CLOCK_MONOTONIC when it was
    /// read.
    ///
    /// A pair of wall clock times that says more than the monotonic clock saw pass (the clock was set meanwhile) is not
    /// believed.
    init(_ departure: Departure, arrived: UInt64, read: UInt64) {
        let elapsed = read &- departure.monotonic
        func span(from start: UInt64) -> UInt64? {
            guard start > 0, arrived >= start else { return nil }
            let span = arrived - start
            return span <= elapsed + Self.slackNanoseconds ? span : nil
        }
        if let exact = span(from: departure.kernel) {
            self.init(nanoseconds: exact, source: .kernel)
        } else if let half = span(from: departure.realtime) {
            self.init(nanoseconds: half, source: .kernelReceive)
        } else {
            self.init(nanoseconds: elapsed, source: .user)
        }
    }
}
