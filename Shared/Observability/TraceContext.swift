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
            let high = hexadecimal(bytes, 3..<19), let low = hexadecimal(bytes, 19..<35),
            let span = hexadecimal(bytes, 36..<52), let flags = hexadecimal(bytes, 53..<55),
            high | low != 0, span != 0
        else { return nil }
        self.init(trace: (high, low), span: span, isSampled: flags & 1 == 1)
    }

    /// 55 bytes of ASCII.
    public var traceparent: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(55)
        bytes.append(0x30)
        bytes.append(0x30)
        bytes.append(0x2d)
        appendHex(trace.high, to: &bytes)
        appendHex(trace.low, to: &bytes)
        bytes.append(0x2d)
        appendHex(span, to: &bytes)
        bytes.append(0x2d)
        bytes.append(0x30)
        bytes.append(isSampled ? 0x31 : 0x30)
        return bytes
    }

    /// 32 lowercase hexadecimal digits.
    public var traceID: String {
        var bytes: [UInt8] = []
        appendHex(trace.high, to: &bytes)
        appendHex(trace.low, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.trace == right.trace && left.span == right.span && left.isSampled == right.isSampled
    }
}

private func appendHex(_ value: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(60), through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
        bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
}

/// The value of lowercase hexadecimal digits; `nil` when one of them is none.
private func hexadecimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for index in range {
        let digit: UInt8
        switch bytes[index] {
        case 0x30...0x39: digit = bytes[index] - 0x30
        case 0x61...0x66: digit = bytes[index] - 0x57
        default: return nil
        }
        value = value << 4 | UInt64(digit)
    }
    return value
}
