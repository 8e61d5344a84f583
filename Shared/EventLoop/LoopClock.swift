import CLinux

/// The monotonic clock, with sleeps that are timers of one loop: a sleeping task costs no thread, and wakes on the loop
/// it will go on with.
///
/// Resolution of a sleep: 1 ms.
public struct LoopClock: Clock {
    public struct Instant: InstantProtocol {
        /// Nanoseconds of CLOCK_MONOTONIC.
        public var nanoseconds: UInt64

        public init(nanoseconds: UInt64) {
            self.nanoseconds = nanoseconds
        }

        public func advanced(by duration: Duration) -> Self {
            Self(nanoseconds: UInt64(max(0, Int64(nanoseconds) + duration.inNanoseconds)))
        }

        public func duration(to other: Self) -> Duration {
            .nanoseconds(Int64(other.nanoseconds) - Int64(nanoseconds))
        }

        public static func < (left: Self, right: Self) -> Bool {
            left.nanoseconds < right.nanoseconds
        }
    }

    public let loop: EventLoop

    public init(_ loop: EventLoop) {
        self.loop = loop
    }

    public var now: Instant { Instant(nanoseconds: clinux_monotonic_nanoseconds()) }
    public var minimumResolution: Duration { .milliseconds(1) }

    /// Throws `CancellationError` as soon as the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let sleeper = LoopBound(Sleeper(), on: loop)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                loop.execute { sleeper.value.start(on: loop, until: deadline.nanoseconds, continuation) }
            }
        } onCancel: {
            loop.execute { sleeper.value.cancel(on: loop) }
        }
    }
}

/// One sleep under way.
private final class Sleeper: TimerHandler {
    private var continuation: CheckedContinuation<Void, any Error>?
    private var token: TimerToken?
    private var isCancelled = false

    func start(on loop: EventLoop, until deadline: UInt64, _ continuation: CheckedContinuation<Void, any Error>) {
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        token = loop.arm(self, afterNanoseconds: deadline > loop.now ? deadline - loop.now : 0)
    }

    func cancel(on loop: EventLoop) {
        isCancelled = true
        guard let continuation else { return }
        self.continuation = nil
        if let token { loop.disarm(token) }
        continuation.resume(throwing: CancellationError())
    }

    func timerFired(_ token: TimerToken) {
        continuation?.resume()
        continuation = nil
    }
}

extension Duration {
    /// Whole nanoseconds, for durations of up to 292 years.
    public var inNanoseconds: Int64 {
        Int64(truncatingIfNeeded: attoseconds / 1_000_000_000)
    }

    /// Whole milliseconds.
    public var inMilliseconds: Int64 { inNanoseconds / 1_000_000 }

    public var inSeconds: Double {
        self / .seconds(1)
    }
}
