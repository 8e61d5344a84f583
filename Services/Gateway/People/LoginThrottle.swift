/// Slows down who guesses passwords: from the fifth failure in a row an account can be tried from that address only
/// after a pause, which doubles up to a quarter of an hour; and after a hundred failures within a day from wherever,
/// every attempt at the account waits before it is looked at.
///
/// An attempt counts as a failure from its beginning, so that those under way at once do not all pass. Nobody is ever
/// locked out for good, and names that nobody has are treated like the others.
struct LoginThrottle {
    /// Whose password is tried, and from where.
    struct Key: Hashable {
        var account: String
        var address: String
    }

    /// What becomes of an attempt.
    enum Verdict: Equatable {
        /// May go on after so many seconds.
        case admitted(afterSeconds: Int)
        /// May come back after so many seconds.
        case refused(retryAfterSeconds: Int)
    }

    private struct Failures {
        var count = 0
        /// Seconds since 1970 until which no attempt is admitted; of an account, when the count is forgotten.
        var until = 0
    }

    private static let free = 5
    private static let longest = 900
    private static let cap = 100
    private static let day = 86_400
    private static let delay = 10
    private static let maximumKept = 10_000

    private var pairs: [Key: Failures] = [:]
    private var accounts: [String: Failures] = [:]

    /// Begins an attempt; `now` in seconds.
    mutating func attempt(_ key: Key, now: Int) -> Verdict {
        let pause = (pairs[key]?.until ?? 0) - now
        guard pause <= 0 else { return .refused(retryAfterSeconds: min(pause, Self.longest)) }
        makeRoom(now: now)
        pairs[key, default: Failures()].count += 1
        failed(key, now: now)
        let isFresh = (accounts[key.account]?.until ?? 0) <= now
        if isFresh { accounts[key.account] = Failures(count: 0, until: now + Self.day) }
        let before = accounts[key.account]?.count ?? 0
        accounts[key.account]?.count += 1
        return .admitted(afterSeconds: before < Self.cap ? 0 : Self.delay)
    }

    /// Begins the pause anew: checking a password takes its time, which is no part of it.
    mutating func failed(_ key: Key, now: Int) {
        guard let count = pairs[key]?.count, count >= Self.free else { return }
        pairs[key]?.until = now + min(Self.longest, 1 << min(count - Self.free, 10))
    }

    mutating func succeeded(_ key: Key) {
        pairs[key] = nil
        accounts[key.account]?.count -= 1
    }

    /// Takes an attempt back that came to nothing: no password was compared.
    mutating func withdraw(_ key: Key) {
        guard let count = pairs[key]?.count else { return }
        pairs[key] = count > 1 ? Failures(count: count - 1, until: 0) : nil
        accounts[key.account]?.count -= 1
    }

    /// Forgets those whose time is over, and if there are too many still, those with the fewest failures.
    private mutating func makeRoom(now: Int) {
        if pairs.count >= Self.maximumKept {
            pairs = pairs.filter { $0.value.until > now }
            Self.halve(&pairs)
        }
        if accounts.count >= Self.maximumKept {
            accounts = accounts.filter { $0.value.until > now }
            Self.halve(&accounts)
        }
    }

    private static func halve<Name>(_ failures: inout [Name: Failures]) {
        guard failures.count >= maximumKept else { return }
        let most = failures.sorted { $0.value.count > $1.value.count }.prefix(maximumKept / 2)
        failures = Dictionary(uniqueKeysWithValues: most.map { ($0.key, $0.value) })
    }
}
