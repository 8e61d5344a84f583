extension JSONWriter {
    @inlinable
    public mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in unsafe string(utf8: utf8) }
    }

    /// `utf8` is valid UTF-8.
    @inlinable @inline(__always)
    mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        guard unsafe Self.isPlain(utf8) else {
            unsafe escapedString(utf8)
            return
        }
        unsafe append(upTo: utf8.count + 2) { output in
            unsafe Self.quote(utf8, to: output)
            return utf8.count + 2
        }
        needsComma = true
    }

    /// Whether a string stands in JSON as it is.
    @inlinable @inline(__always)
    static func isPlain(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let bytes = UnsafeRawBufferPointer(utf8)
        var index = 0
        while index &+ 8 <= bytes.count {
            guard unsafe EightBytes.special(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) == 0
            else { return false }
            index &+= 8
        }
        while index < bytes.count {
            let byte = unsafe bytes[index]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return false }
            index &+= 1
        }
        return true
    }

    @usableFromInline
    mutating func escapedString(_ utf8: UnsafeBufferPointer<UInt8>) {
        writeComma()
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        for index in utf8.indices {
            let byte = unsafe utf8[index]
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\t"): append("\\t")
            case ..<0x20:
                append(byte < 0x10 ? "\\u000" : "\\u001")
                let digit = byte & 0xF
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func int(_ value: Int) { int64(Int64(value)) }

    @inlinable
    public mutating func int64(_ value: Int64) {
        unsafe number { output in
            guard value < 0 else { return unsafe Self.write(value.magnitude, to: output) }
            unsafe output[0] = UInt8(ascii: "-")
            return unsafe 1 + Self.write(value.magnitude, to: output + 1)
        }
    }

    @inlinable
    public mutating func uint64(_ value: UInt64) {
        unsafe number { output in unsafe Self.write(value, to: output) }
    }

    /// The shortest text that reads back as the same double; `value` must be finite.
    ///
    /// Whole numbers are written without a fraction.
    @inlinable
    public mutating func double(_ value: Double) {
        precondition(value.isFinite, "JSON has no infinity and no NaN")
        let magnitude = value.magnitude
        // Up to 15 digits, decimals and doubles correspond one to one. So when six decimals give the double back,
        // they are, without their last zeros, the shortest text that does.
        let millionths = (magnitude * 1e6).rounded()
        guard millionths < 1e15, millionths / 1e6 == magnitude, value.sign == .plus || value != 0 else {
            return unusualDouble(value)
        }
        unsafe number { output in
            var count = 0
            if value < 0 {
                unsafe output[0] = UInt8(ascii: "-")
                count = 1
            }
            let (whole, fraction) = UInt64(millionths).quotientAndRemainder(dividingBy: 1_000_000)
            count += unsafe Self.write(whole, to: output + count)
            if fraction > 0 { count += unsafe Self.write(millionths: fraction, to: output + count) }
            return count
        }
    }

    @inline(never) @usableFromInline
    mutating func unusualDouble(_ value: Double) {
        if value.magnitude < 0x1p53, value == value.rounded(), value != 0 { return int64(Int64(value)) }
        var text = value.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        raw(text.utf8)
    }

    @inlinable @inline(__always)
    mutating func number(_ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        // A sign and twenty digits, or fifteen digits around a point.
        unsafe append(upTo: 24) { output in unsafe write(output) }
        needsComma = true
    }

    /// Writes decimal digits and says how many.
    @inlinable @inline(__always)
    static func write(_ value: UInt64, to output: UnsafeMutablePointer<UInt8>) -> Int {
        let count = digitCount(value)
        var rest = value
        var index = count
        while rest >= 100 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            rest = quotient
            index &-= 2
            unsafe writePair(pair, to: output + index)
        }
        if rest >= 10 {
            unsafe writePair(rest, to: output)
        } else {
            unsafe output[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
        }
        return count
    }

    /// Writes a point and six digits, without the zeros at their end, and says how many bytes that took.
    @inlinable @inline(__always)
    static func write(millionths: UInt64, to output: UnsafeMutablePointer<UInt8>) -> Int {
        unsafe output[0] = UInt8(ascii: ".")
        unsafe writePair(millionths / 10_000, to: output + 1)
        unsafe writePair(millionths / 100 % 100, to: output + 3)
        unsafe writePair(millionths % 100, to: output + 5)
        var count = 7
        while unsafe output[count &- 1] == UInt8(ascii: "0") { count &-= 1 }
        return count
    }

    @inlinable @inline(__always)
    static func writePair(_ pair: UInt64, to output: UnsafeMutablePointer<UInt8>) {
        // Dividing by ten, for numbers below a hundred.
        let tens = (pair &* 103) >> 10
        unsafe output[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
        unsafe output[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- tens &* 10)
    }

    @inlinable @inline(__always)
    static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count &+= 4
        }
        if rest >= 1_000 { return count &+ 3 }
        if rest >= 100 { return count &+ 2 }
        return rest >= 10 ? count &+ 1 : count
    }
}
