/// The echoes in flight on one socket: hands out sequence numbers and recognises what comes back.
///
/// A slot's number is the low part of the sequence number, a count of its uses the high part, and slots are used in
/// turn, so a number comes back as late as it can. A reply must carry the sequence number, the address and the
/// cookie of one request; an ICMP error, which may quote no more than the ICMP header, the first two.
struct EchoTable {
    struct Slot {
        enum State {
            case free
            /// Its reply came; another one is a duplicate.
            case answered
            /// Given up; a reply is late.
            case abandoned
            case waiting
        }

        var state = State.free
        var sequence: UInt16
        var high: UInt64 = 0
        var low: UInt64 = 0
        var scope: UInt32 = 0
        var payloadBytes: UInt16 = 0
        var trafficClass: UInt8 = 0
        var cookie: UInt64 = 0
        /// Number of the request on its socket; `nil` until it is sent.
        var key: UInt32?
        /// CLOCK_MONOTONIC and CLOCK_REALTIME just before the request was sent; 0 until then.
        var sentMonotonic: UInt64 = 0
        var sentRealtime: UInt64 = 0
        /// When the kernel says the request left, by CLOCK_REALTIME; 0 when it did not say.
        var leftRealtime: UInt64 = 0
    }

    enum Match: Equatable {
        case waiting(slot: Int)
        case duplicate
        case late
        case stranger
    }

    private(set) var slots: [Slot]
    private var free: [UInt16]
    private var firstFree = 0
    private(set) var freeCount: Int
    private var keyOwners: [UInt16]
    private var echoes: UInt64 = 0

    /// `capacity` is rounded up to a power of two, 32,768 at the most.
    init(capacity: Int) {
        var size = 1
        while size < min(capacity, 32_768) { size *= 2 }
        slots = (0..<size).map { Slot(sequence: UInt16($0)) }
        free = (0..<size).map { UInt16($0) }
        freeCount = size
        keyOwners = [UInt16](repeating: 0, count: size * 2)
    }

    var waitingCount: Int { slots.count - freeCount }

    /// Takes a slot; `nil` when all are in flight.
    mutating func insert(
        high: UInt64,
        low: UInt64,
        scope: UInt32,
        payloadBytes: UInt16,
        trafficClass: UInt8 = 0
    ) -> Int? {
        guard freeCount > 0 else { return nil }
        let index = Int(free[firstFree])
        firstFree = (firstFree + 1) & (slots.count - 1)
        freeCount -= 1
        echoes &+= 1
        let sequence = slots[index].sequence &+ UInt16(truncatingIfNeeded: slots.count)
        slots[index] = Slot(
            state: .waiting,
            sequence: sequence,
            high: high,
            low: low,
            scope: scope,
            payloadBytes: payloadBytes,
            trafficClass: trafficClass,
            cookie: cookie(of: echoes)
        )
        return index
    }

    /// Notes that the request of `slot` is number `key` of its socket, and when that was.
    mutating func sent(_ slot: Int, key: UInt32, monotonic: UInt64, realtime: UInt64) {
        slots[slot].key = key
        slots[slot].sentMonotonic = monotonic
        slots[slot].sentRealtime = realtime
        keyOwners[Int(key) & (keyOwners.count - 1)] = UInt16(slot)
    }

    /// Notes when request `key` left; does nothing when it is no longer waited for, or the time cannot be its own.
    mutating func left(key: UInt32, atRealtime nanoseconds: UInt64) {
        let index = Int(keyOwners[Int(key) & (keyOwners.count - 1)])
        guard slots[index].state == .waiting, slots[index].key == key, nanoseconds >= slots[index].sentRealtime else {
            return
        }
        slots[index].leftRealtime = nanoseconds
    }

    func matchReply(sequence: UInt16, cookie: UInt64, high: UInt64, low: UInt64) -> Match {
        let index = Int(sequence) & (slots.count - 1)
        let slot = slots[index]
        guard slot.sequence == sequence, slot.cookie == cookie, slot.high == high, slot.low == low else {
            return .stranger
        }
        return switch slot.state {
        case .waiting: .waiting(slot: index)
        case .answered: .duplicate
        case .abandoned: .late
        case .free: .stranger
        }
    }

    func matchError(sequence: UInt16, high: UInt64, low: UInt64) -> Int? {
        let index = Int(sequence) & (slots.count - 1)
        let slot = slots[index]
        guard slot.state == .waiting, slot.sequence == sequence, slot.high == high, slot.low == low else { return nil }
        return index
    }

    /// Gives a waiting slot back.
    mutating func finish(_ slot: Int, answered: Bool) {
        precondition(slots[slot].state == .waiting, "an echo is finished once")
        slots[slot].state = answered ? .answered : .abandoned
        free[(firstFree + freeCount) & (slots.count - 1)] = UInt16(slot)
        freeCount += 1
    }

    /// A keyed hash that no receiver of other cookies can foretell (the standard library's SipHash, keyed anew in
    /// every process).
    private func cookie(of number: UInt64) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(number)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
