/// So many at once, and so many a second from then on.
struct RateLimit: Sendable, Equatable {
    var burst: Int
    var perSecond: Int
}

/// What is left of a limit, as the caller is told.
struct Allowance: Sendable, Equatable {
    var limit: Int
    var remaining: Int
    /// Until all of it is there again.
    var resetSeconds: Int
    /// Until the next call is let through; 0 when this one was.
    var waitMilliseconds: Int

    /// From 0, nothing left, to 1.
    var share: Double { Double(remaining) / Double(limit) }
}

/// A token bucket: fills at a steady rate up to its limit, and every call takes one token out.
struct RateBucket {
    private var tokens: Double
    private var last: Duration

    /// `now` on a clock that only goes forward.
    init(_ limit: RateLimit, now: Duration) {
        tokens = Double(limit.burst)
        last = now
    }

    /// Takes `count` tokens, or none when there are not so many; `count` 0 only looks whether there is one.
    mutating func take(_ count: Int, of limit: RateLimit, now: Duration) -> Allowance {
        tokens = min(Double(limit.burst), tokens + max(0, (now - last) / .seconds(1)) * Double(limit.perSecond))
        last = now
        let missing = Double(max(1, count)) - tokens
        if missing <= 0 { tokens -= Double(count) }
        let rate = Double(limit.perSecond)
        return Allowance(
            limit: limit.burst,
            remaining: Int(tokens),
            resetSeconds: Int(((Double(limit.burst) - tokens) / rate).rounded(.up)),
            waitMilliseconds: missing <= 0 ? 0 : max(1, Int((missing / rate * 1_000).rounded(.up)))
        )
    }
}

/// The buckets of those who called lately: at most `capacity`, and of more the ones that were idle longest are
/// forgotten, which makes them full again.
///
/// Kept in two halves: when the young one is full it becomes the old one, and what is used moves back.
struct BucketTable {
    private let limit: RateLimit
    private let half: Int
    private var young: [String: RateBucket] = [:]
    private var old: [String: RateBucket] = [:]

    init(_ limit: RateLimit, capacity: Int) {
        self.limit = limit
        half = max(1, capacity / 2)
    }

    var count: Int { young.count + old.count }

    mutating func take(_ count: Int, from key: String, now: Duration) -> Allowance {
        if var bucket = young[key] {
            let allowance = bucket.take(count, of: limit, now: now)
            young[key] = bucket
            return allowance
        }
        var bucket = old.removeValue(forKey: key) ?? RateBucket(limit, now: now)
        let allowance = bucket.take(count, of: limit, now: now)
        if young.count >= half {
            old = young
            young = [:]
        }
        young[key] = bucket
        return allowance
    }
}
