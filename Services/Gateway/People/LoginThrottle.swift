/// Slows down who guesses passwords: from the fifth failure in a row an account can be tried from that address only
/// after a pause, which doubles up to a quarter of an hour.
///
/// Nobody is ever locked out for good.
struct LoginThrottle {
    private struct Failures {
        var count: Int
        var until: Int
    }

    private static let free = 5
    private static let longest = 900
    private static let maximumKept = 10_000

    private var failures: [String: Failures] = [:]

    /// Seconds to wait before `key` may be tried; 0 when it may now.
    ///
    /// `now` in seconds.
    func pause(for key: String, now: Int) -> Int {
        max(0, (failures[key]?.until ?? 0) - now)
    }

    mutating func failed(_ key: String, now: Int) {
        if failures.count >= Self.maximumKept { failures = failures.filter { $0.value.until > now } }
        let count = (failures[key]?.count ?? 0) + 1
        let pause = count < Self.free ? 0 : min(Self.longest, 1 << min(count - Self.free, 10))
        failures[key] = Failures(count: count, until: now + pause)
    }

    mutating func succeeded(_ key: String) {
        failures[key] = nil
    }
}
