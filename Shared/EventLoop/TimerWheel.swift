/// Called by the loop when a timer that the handler armed has run out.
public protocol TimerHandler: AnyObject {
    func timerFired(_ token: TimerToken)
}

/// Names one armed timer; stale once the timer has fired or was disarmed.
public struct TimerToken: Equatable, Sendable {
    var slot: Int32
    var generation: UInt32
}

/// A hashed timing wheel (Varghese and Lauck, 1987): one tick a millisecond, arming and disarming in constant time.
///
/// Timers live in a slab of slots, chained by index into the bucket of their tick; one that lies further ahead than
/// the wheel is long stays in its bucket until its round comes.
struct TimerWheel {
    private struct Timer {
        var handler: (any TimerHandler)?
        var tick: UInt64 = 0
        var next: Int32 = -1
        var previous: Int32 = -1
        var generation: UInt32 = 0
    }

    private static let buckets = 4096
    private var heads = [Int32](repeating: -1, count: buckets)
    private var occupied = [UInt64](repeating: 0, count: buckets / 64)
    private var timers: [Timer] = []
    private var free: [Int32] = []
    private(set) var count = 0
    /// The tick whose bucket is looked at; every earlier one holds no timer that has run out.
    private var now: UInt64
    /// The tick that time has reached.
    private var horizon: UInt64

    init(now: UInt64) {
        self.now = now
        horizon = now
    }

    mutating func arm(_ handler: any TimerHandler, at tick: UInt64) -> TimerToken {
        let tick = max(tick, horizon + 1)
        let index = free.popLast() ?? appendSlot()
        let bucket = Int(tick % UInt64(Self.buckets))
        let head = heads[bucket]
        let slot = Int(index)
        timers[slot].handler = handler
        timers[slot].tick = tick
        timers[slot].next = head
        timers[slot].previous = -1
        if head >= 0 { timers[Int(head)].previous = index }
        heads[bucket] = index
        occupied[bucket / 64] |= 1 << UInt64(bucket % 64)
        count += 1
        return TimerToken(slot: index, generation: timers[slot].generation)
    }

    /// Does nothing when the timer has fired or was disarmed already.
    mutating func disarm(_ token: TimerToken) {
        let slot = Int(token.slot)
        guard timers[slot].generation == token.generation, timers[slot].handler != nil else { return }
        _ = remove(slot)
    }

    /// Lets time move on to `tick`; what is armed from here on runs out later than that.
    mutating func advance(to tick: UInt64) {
        horizon = max(horizon, tick)
        guard count > 0 else {
            now = horizon
            return
        }
        if horizon - now > UInt64(Self.buckets) { now = horizon - UInt64(Self.buckets) }
    }

    /// Hands out one timer that has run out, and `nil` when none is left.
    ///
    /// One at a time, so that a handler may disarm the timers that would have come after its own.
    mutating func popDue() -> (handler: any TimerHandler, token: TimerToken)? {
        while count > 0 {
            if let due = firstDue(in: Int(now % UInt64(Self.buckets))) { return due }
            guard now < horizon else { return nil }
            now += 1
        }
        now = horizon
        return nil
    }

    /// Milliseconds until the first bucket with a timer in it; `nil` without timers.
    func ticksUntilNext() -> Int? {
        guard count > 0 else { return nil }
        let start = Int((horizon + 1) % UInt64(Self.buckets))
        let words = occupied.count
        var word = start / 64
        var bits = occupied[word] & (~0 << UInt64(start % 64))
        for _ in 0...words {
            if bits != 0 {
                let bucket = word * 64 + bits.trailingZeroBitCount
                return (bucket - start + Self.buckets) % Self.buckets + 1
            }
            word = (word + 1) % words
            bits = occupied[word]
        }
        return nil
    }

    private mutating func firstDue(in bucket: Int) -> (handler: any TimerHandler, token: TimerToken)? {
        var index = heads[bucket]
        while index >= 0 {
            let slot = Int(index)
            if timers[slot].tick <= horizon {
                let token = TimerToken(slot: index, generation: timers[slot].generation)
                return remove(slot).map { ($0, token) }
            }
            index = timers[slot].next
        }
        return nil
    }

    private mutating func appendSlot() -> Int32 {
        timers.append(Timer())
        return Int32(timers.count - 1)
    }

    private mutating func remove(_ slot: Int) -> (any TimerHandler)? {
        let timer = timers[slot]
        let bucket = Int(timer.tick % UInt64(Self.buckets))
        if timer.previous >= 0 {
            timers[Int(timer.previous)].next = timer.next
        } else {
            heads[bucket] = timer.next
            if timer.next < 0 { occupied[bucket / 64] &= ~(1 << UInt64(bucket % 64)) }
        }
        if timer.next >= 0 { timers[Int(timer.next)].previous = timer.previous }
        timers[slot].handler = nil
        timers[slot].generation &+= 1
        free.append(Int32(slot))
        count -= 1
        return timer.handler
    }
}
