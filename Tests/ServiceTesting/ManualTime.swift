public import Contracts
import Synchronization

/// A wall clock that stands until it is moved.
public final class ManualTime: Sendable {
    private let time: Mutex<Timestamp>

    public init(_ start: Timestamp = Timestamp(microseconds: 1_800_000_000_000_000)) {
        time = Mutex(start)
    }

    public var now: Timestamp { time.withLock { $0 } }

    public func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }
}
