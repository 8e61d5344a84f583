import CLinux
import Synchronization

/// How busy a loop is.
///
/// The length of a turn is how long a ready descriptor may have waited for its callback.
public final class LoopStatistics: Sendable {
    /// Upper bounds, in seconds, of the buckets of turn lengths; one more bucket holds what is longer.
    public static let bounds = [0.000_1, 0.001, 0.01, 0.1, 1.0]

    public struct Snapshot: Sendable {
        /// Turns by length: one count a bound, and one for the longer ones.
        public var turns = [Int](repeating: 0, count: LoopStatistics.bounds.count + 1)
        /// Seconds spent in turns, waiting excluded.
        public var busySeconds = 0.0
    }

    private let state = Mutex(Snapshot())

    init() {}

    public var snapshot: Snapshot {
        state.withLock { $0 }
    }

    func turnEnded(startedNanoseconds: UInt64) {
        let seconds = Double(clinux_monotonic_nanoseconds() &- startedNanoseconds) * 1e-9
        state.withLock { state in
            let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            state.turns[bucket] += 1
            state.busySeconds += seconds
        }
    }
}
