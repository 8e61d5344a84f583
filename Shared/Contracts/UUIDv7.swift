import Glibc
import Synchronization

/// A UUID; the ones made here are of version 7 (RFC 9562, section 5.7): milliseconds, a count within them, and chance.
public struct UUIDv7: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A UUID of this process that sorts after every one that it made before.
    public static func make() -> Self {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
        return generator.withLock { $0.next(milliseconds: milliseconds) }
    }

    /// When it was made, to the millisecond.
    public var time: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1_000) }

    private static let generator = Mutex(UUIDv7Generator(SystemRandomNumberGenerator()))

    /// Reads 36 characters, in either case, of any version.
    public init?(_ text: String) {
        self.init(ascii: text.utf8.span)
    }

    /// Reads 36 ASCII characters, in either case, of any version.
    @inlinable
    public init?(ascii bytes: Span<UInt8>) {
        guard bytes.count == 36, bytes[8] == 0x2d, bytes[13] == 0x2d, bytes[18] == 0x2d, bytes[23] == 0x2d else {
            return nil
        }
        guard let a = Self.digits(bytes, 0..<8), let b = Self.digits(bytes, 9..<13),
            let c = Self.digits(bytes, 14..<18), let d = Self.digits(bytes, 19..<23),
            let e = Self.digits(bytes, 24..<36)
        else { return nil }
        self.init(high: a << 32 | b << 16 | c, low: d << 48 | e)
    }

    @inlinable
    static func digits(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        var wrong: UInt8 = 0
        for index in range {
            let digit = hexDigits[Int(bytes[index])]
            wrong |= digit
            value = value << 4 | UInt64(digit & 15)
        }
        return wrong & 0x80 == 0 ? value : nil
    }

    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { buffer in
            var index = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    unsafe buffer[index] = UInt8(ascii: "-")
                    index += 1
                }
                let half = digit < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (digit % 16))) & 15
                unsafe buffer[index] = value < 10 ? 0x30 + value : 0x57 + value
                index += 1
            }
            return 36
        }
    }

    /// Milliseconds since 1970 in UTC, of a version 7 UUID.
    public var milliseconds: UInt64 { high >> 16 }

    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

/// The value of each hexadecimal digit, and 0x80 for every other byte.
@usableFromInline let hexDigits: [UInt8] = (0...255).map { byte in
    switch byte {
    case 0x30...0x39: UInt8(byte - 0x30)
    case 0x61...0x66: UInt8(byte - 0x57)
    case 0x41...0x46: UInt8(byte - 0x37)
    default: 0x80
    }
}

/// Makes UUIDs that sort in the order of making, even when the clock stands still or steps back (method 1 of
/// section 6.2: a 12-bit count after the milliseconds, which borrows from the next millisecond when it runs over).
public struct UUIDv7Generator<Source: RandomNumberGenerator & Sendable>: Sendable {
    private var source: Source
    private var last: UInt64 = 0

    public init(_ source: Source) {
        self.source = source
    }

    public mutating func next(milliseconds: UInt64) -> UUIDv7 {
        last = max(last + 1, milliseconds << 12)
        let high = (last >> 12) << 16 | 0x7000 | last & 0x0fff
        return UUIDv7(high: high, low: 0x8000_0000_0000_0000 | source.next() >> 2)
    }
}
