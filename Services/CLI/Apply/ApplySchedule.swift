import EventLoop

/// When files that are watched are applied: at the first look, when they have changed and two looks saw them the same,
/// and after a growing pause when the last attempt failed in a way that may pass.
struct ApplySchedule {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// As they were at the last look.
    private var seen: DeclarationStamp?
    /// As they were at the last attempt.
    private var tried: DeclarationStamp?
    private var retry: (at: LoopClock.Instant, pause: Duration)?

    /// Whether to apply the files, which are `stamp` now.
    mutating func isDue(_ stamp: DeclarationStamp, at now: LoopClock.Instant) -> Bool {
        let isSettled = seen == nil || seen == stamp
        seen = stamp
        guard stamp == tried else { return isSettled }
        return retry.map { $0.at <= now } ?? false
    }

    mutating func succeeded(_ stamp: DeclarationStamp) {
        tried = stamp
        retry = nil
    }

    /// Returns the pause before the next attempt; `nil` when that has to wait for other files.
    mutating func failed(_ stamp: DeclarationStamp, mayPass: Bool, at now: LoopClock.Instant) -> Duration? {
        let last = stamp == tried ? retry?.pause : nil
        let pause = last.map { min($0 * 2, Self.longestPause) } ?? Self.firstPause
        tried = stamp
        retry = mayPass ? (now.advanced(by: pause), pause) : nil
        return retry?.pause
    }
}
