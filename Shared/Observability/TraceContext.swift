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
    public init?(traceparent bytes: some RandomAccessCollection<UInt8>) {
        var digits = HexReader(bytes)
        guard bytes.count == 55, digits.read(2) == 0, digits.dash(),
            let high = digits.read(16), let low = digits.read(16), digits.dash(),
            let span = digits.read(16), digits.dash(), let flags = digits.read(2),
            high | low != 0, span != 0
        else { return nil }
        self.init(trace: (high, low), span: span, isSampled: flags & 1 == 1)
    }

    /// 55 bytes of ASCII.
    public var traceparent: [UInt8] {
        var bytes: [UInt8] = [0x30, 0x30, 0x2d]
        bytes.reserveCapacity(55)
        appendHex(trace.high, to: &bytes)
        appendHex(trace.low, to: &bytes)
        bytes.append(0x2d)
        appendHex(span, to: &bytes)
        bytes.append(contentsOf: [0x2d, 0x30, isSampled ? 0x31 : 0x30])
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

/// Reads lowercase hexadecimal digits and dashes off the front of a header.
private struct HexReader<Bytes: RandomAccessCollection<UInt8>> {
    private let bytes: Bytes
    private var index: Bytes.Index

    init(_ bytes: Bytes) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    mutating func read(_ count: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<count {
            guard index < bytes.endIndex, let digit = Self.digit(bytes[index]) else { return nil }
            value = value << 4 | digit
            bytes.formIndex(after: &index)
        }
        return value
    }

    mutating func dash() -> Bool {
        guard index < bytes.endIndex, bytes[index] == 0x2d else { return false }
        bytes.formIndex(after: &index)
        return true
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x57)
        default: nil
        }
    }
}
