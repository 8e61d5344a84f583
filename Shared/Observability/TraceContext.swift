/// The W3C trace context of the work at hand (`traceparent`, Trace Context level 1).
public struct TraceContext: Equatable, Sendable {
    /// 16 bytes, not all zero.
    public var trace: (high: UInt64, low: UInt64)
    /// 8 bytes, not zero.
    public var span: UInt64
    public var isSampled: Bool

    public init(trace: (high: UInt64, low: UInt64), span: UInt64, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// A trace that begins here.
    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        Self(
            trace: (generator.next(), generator.next() | 1),
            span: generator.next() | 1,
            isSampled: true
        )
    }

    /// The same trace, with a span of its own for the next call.
    public func child(using generator: inout some RandomNumberGenerator) -> Self {
        Self(trace: trace, span: generator.next() | 1, isSampled: isSampled)
    }

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`; `nil` for anything else, so that a bad header starts a new trace.
    public init?(traceparent bytes: Span<UInt8>) {
        let dash = UInt8(ascii: "-")
        guard bytes.count == 55, bytes[0] == 0x30, bytes[1] == 0x30, bytes[2] == dash, bytes[35] == dash,
            bytes[52] == dash,
            let high = hexadecimal(bytes, at: 3), let low = hexadecimal(bytes, at: 19),
            let span = hexadecimal(bytes, at: 36), let flags = hexadecimalByte(bytes, at: 53),
            high | low != 0, span != 0
        else { return nil }
        self.init(trace: (high, low), span: span, isSampled: flags & 1 == 1)
    }

    /// The ASCII that goes into a header.
    public var traceparent: InlineArray<55, UInt8> {
        var text = InlineArray<55, UInt8>(repeating: UInt8(ascii: "-"))
        unsafe withUnsafeMutableBytes(of: &text) { text in
            unsafe text.copyBytes(from: "00".utf8)
            unsafe writeHex(trace.high, to: text, at: 3)
            unsafe writeHex(trace.low, to: text, at: 19)
            unsafe writeHex(span, to: text, at: 36)
            unsafe text[53] = UInt8(ascii: "0")
            unsafe text[54] = UInt8(ascii: isSampled ? "1" : "0")
        }
        return text
    }

    /// 32 lowercase hexadecimal digits.
    public var traceID: String {
        unsafe String(unsafeUninitializedCapacity: 32) { text in
            unsafe writeHex(trace.high, to: UnsafeMutableRawBufferPointer(text), at: 0)
            unsafe writeHex(trace.low, to: UnsafeMutableRawBufferPointer(text), at: 16)
            return 32
        }
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.trace == right.trace && left.span == right.span && left.isSampled == right.isSampled
    }
}

/// Writes a number as 16 lowercase hexadecimal digits.
private func writeHex(_ value: UInt64, to text: UnsafeMutableRawBufferPointer, at index: Int) {
    unsafe text.storeBytes(of: digits(value >> 32), toByteOffset: index, as: UInt64.self)
    unsafe text.storeBytes(of: digits(value & 0xffff_ffff), toByteOffset: index + 8, as: UInt64.self)
}

/// The eight digits of a number of 32 bits, in memory order.
private func digits(_ value: UInt64) -> UInt64 {
    // Each half byte gets a byte of its own; those over nine become letters.
    var digits = (value << 16 | value) & 0x0000_ffff_0000_ffff
    digits = (digits << 8 | digits) & 0x00ff_00ff_00ff_00ff
    digits = (digits << 4 | digits) & 0x0f0f_0f0f_0f0f_0f0f
    let letters = (digits &+ eachByte &* 6) >> 4 & eachByte
    return (digits &+ eachByte &* 0x30 &+ letters &* 0x27).bigEndian
}

private let eachByte: UInt64 = 0x0101_0101_0101_0101

/// The value of 16 lowercase hexadecimal digits; `nil` when one of them is none.
private func hexadecimal(_ bytes: Span<UInt8>, at index: Int) -> UInt64? {
    guard let high = eightDigits(bytes, at: index), let low = eightDigits(bytes, at: index + 8) else { return nil }
    return high << 32 | low
}

/// The value of eight digits, all looked at in one word.
private func eightDigits(_ bytes: Span<UInt8>, at index: Int) -> UInt64? {
    let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self).bigEndian
    // Bit 6 tells a letter from a decimal digit, and a letter's low bits lack nine.
    let letters = word >> 6 & eachByte
    let digits = (word & (eachByte &* 0x0f)) &+ letters &* 9
    // Nothing but the right byte gives itself back, and a digit is over nine exactly when it came as a letter.
    let isValid =
        digits &+ eachByte &* 0x30 &+ letters &* 0x27 == word
        && digits & (eachByte &* 0xf0) == 0 && (digits &+ eachByte &* 6) >> 4 & eachByte == letters
    guard isValid else { return nil }
    // The digits lie in every other half byte: bring pairs together, then fours, then all eight.
    var value = (digits >> 4 | digits) & 0x00ff_00ff_00ff_00ff
    value = (value >> 8 | value) & 0x0000_ffff_0000_ffff
    return (value >> 16 | value) & 0xffff_ffff
}

private func hexadecimalByte(_ bytes: Span<UInt8>, at index: Int) -> UInt8? {
    var value: UInt8 = 0
    for index in index..<index + 2 {
        switch bytes[index] {
        case 0x30...0x39: value = value << 4 | (bytes[index] - 0x30)
        case 0x61...0x66: value = value << 4 | (bytes[index] - 0x57)
        default: return nil
        }
    }
    return value
}
