/// A time as NTP writes it: seconds since 1900 and a fraction, 32 bits each (RFC 5905, section 6).
struct NTPTime: Equatable, Sendable {
    private static let secondsTo1970: UInt64 = 2_208_988_800

    var bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    init(realtimeNanoseconds time: UInt64) {
        let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        bits = (seconds &+ Self.secondsTo1970) << 32 | (rest << 32 + 500_000_000) / 1_000_000_000
    }

    /// Nanoseconds from another time to this one, whatever era both are of.
    func nanoseconds(since other: NTPTime) -> Int64 {
        let ticks = Int64(bitPattern: bits &- other.bits)
        return ticks >> 32 * 1_000_000_000 + ((ticks & 0xffff_ffff) * 1_000_000_000) >> 32
    }
}

/// How far a clock may be from UTC (RFC 4656, section 4.1.2).
struct STAMPClockError: Equatable, Sendable {
    /// Nanoseconds; `nil` when nothing keeps the clock right.
    var nanoseconds: UInt64?

    init(nanoseconds: UInt64?) {
        self.nanoseconds = nanoseconds
    }

    init(word: UInt16) {
        guard word & 0x8000 != 0, word & 0xff != 0 else { return }
        let ticks = Double(word & 0xff) * Double(UInt64(1) << UInt64(word >> 8 & 0x3f))
        let value = ticks * 1e9 / 4_294_967_296
        nanoseconds = value < 1e18 ? UInt64(value) : nil
    }

    /// The least error that can be written and is not smaller.
    var word: UInt16 {
        // One tick, of a clock that nobody keeps right: the multiplier must not be zero.
        guard let nanoseconds else { return 1 }
        var ticks = Double(nanoseconds) * 4_294_967_296 / 1e9
        var scale: UInt16 = 0
        while ticks > 255, scale < 63 {
            ticks /= 2
            scale += 1
        }
        return 0x8000 | scale << 8 | max(1, UInt16(min(255, ticks.rounded(.up))))
    }
}

/// What a session sender sends (RFC 8762, section 4.2.1), unauthenticated: 44 bytes.
struct STAMPRequest: Equatable, Sendable {
    static let bytes = 44

    var sequence: UInt32
    var time: NTPTime
    var clockError: STAMPClockError

    init(sequence: UInt32, time: NTPTime, clockError: STAMPClockError) {
        self.sequence = sequence
        self.time = time
        self.clockError = clockError
    }

    /// `nil` for less than a whole one; what follows it is padding.
    init?(_ data: ArraySlice<UInt8>) {
        guard data.count >= Self.bytes else { return nil }
        sequence = UInt32(data.bigEndian(at: 0, bytes: 4))
        time = NTPTime(bits: data.bigEndian(at: 4, bytes: 8))
        clockError = STAMPClockError(word: UInt16(data.bigEndian(at: 12, bytes: 2)))
    }

    func append(to data: inout [UInt8], bytes: Int = Self.bytes) {
        data.append(bigEndian: UInt64(sequence), bytes: 4)
        data.append(bigEndian: time.bits, bytes: 8)
        data.append(bigEndian: UInt64(clockError.word), bytes: 2)
        data.append(contentsOf: repeatElement(0, count: bytes - 14))
    }
}

/// What a session reflector answers (RFC 8762, section 4.3.1), unauthenticated: as long as what it answers.
struct STAMPReflection: Equatable, Sendable {
    var sequence: UInt32
    /// When it left the reflector, and when the request came there.
    var time: NTPTime
    var received: NTPTime
    var clockError: STAMPClockError
    var request: STAMPRequest
    /// Hops that the request might still have made.
    var hopLimit: UInt8

    init(
        sequence: UInt32,
        time: NTPTime,
        received: NTPTime,
        clockError: STAMPClockError,
        request: STAMPRequest,
        hopLimit: UInt8
    ) {
        self.sequence = sequence
        self.time = time
        self.received = received
        self.clockError = clockError
        self.request = request
        self.hopLimit = hopLimit
    }

    init?(_ data: ArraySlice<UInt8>) {
        guard data.count >= STAMPRequest.bytes else { return nil }
        sequence = UInt32(data.bigEndian(at: 0, bytes: 4))
        time = NTPTime(bits: data.bigEndian(at: 4, bytes: 8))
        clockError = STAMPClockError(word: UInt16(data.bigEndian(at: 12, bytes: 2)))
        received = NTPTime(bits: data.bigEndian(at: 16, bytes: 8))
        request = STAMPRequest(
            sequence: UInt32(data.bigEndian(at: 24, bytes: 4)),
            time: NTPTime(bits: data.bigEndian(at: 28, bytes: 8)),
            clockError: STAMPClockError(word: UInt16(data.bigEndian(at: 36, bytes: 2)))
        )
        hopLimit = UInt8(data.bigEndian(at: 40, bytes: 1))
    }

    func append(to data: inout [UInt8], bytes: Int = STAMPRequest.bytes) {
        data.append(bigEndian: UInt64(sequence), bytes: 4)
        data.append(bigEndian: time.bits, bytes: 8)
        data.append(bigEndian: UInt64(clockError.word), bytes: 2)
        data.append(bigEndian: 0, bytes: 2)
        data.append(bigEndian: received.bits, bytes: 8)
        data.append(bigEndian: UInt64(request.sequence), bytes: 4)
        data.append(bigEndian: request.time.bits, bytes: 8)
        data.append(bigEndian: UInt64(request.clockError.word), bytes: 2)
        data.append(bigEndian: 0, bytes: 2)
        data.append(hopLimit)
        data.append(contentsOf: repeatElement(0, count: bytes - 41))
    }
}
