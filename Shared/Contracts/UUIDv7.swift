import Synchronization

#if canImport(Glibc)
import Glibc
#endif

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

    private static let generator = Mutex(UUIDv7Generator(SystemRandomNumberGenerator()))

    /// Reads 36 characters, in either case, of any version.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count == 36 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in bytes.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexDigit(byte) else { return nil }
            if digits < 16 { halves.0 = halves.0 << 4 | digit } else { halves.1 = halves.1 << 4 | digit }
            digits += 1
        }
        self.init(high: halves.0, low: halves.1)
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
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

@inlinable
func hexDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte - 0x30)
    case 0x61...0x66: UInt64(byte - 0x57)
    case 0x41...0x46: UInt64(byte - 0x37)
    default: nil
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
