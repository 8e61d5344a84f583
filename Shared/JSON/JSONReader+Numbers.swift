extension JSONReader {
    /// A whole number within the range of `Int`: no fraction, no exponent.
    @inlinable
    public mutating func int() throws(JSONError) -> Int { Int(try int64()) }

    @inlinable
    public mutating func int64() throws(JSONError) -> Int64 {
        let start = try beginNumber("an integer")
        let isNegative = byte(at: start) == UInt8(ascii: "-")
        if isNegative { cursor += 1 }
        let magnitude = try wholeNumber(from: start)
        if isNegative {
            guard magnitude <= Int64.min.magnitude else { throw outOfRange(start) }
            return 0 &- Int64(truncatingIfNeeded: magnitude)
        }
        guard magnitude <= Int64.max.magnitude else { throw outOfRange(start) }
        return Int64(truncatingIfNeeded: magnitude)
    }

    @inlinable
    public mutating func uint64() throws(JSONError) -> UInt64 {
        let start = try beginNumber("an integer")
        let isNegative = byte(at: start) == UInt8(ascii: "-")
        if isNegative { cursor += 1 }
        let magnitude = try wholeNumber(from: start)
        guard !isNegative || magnitude == 0 else { throw outOfRange(start) }
        return magnitude
    }

    /// The nearest double to the number as written; a number beyond the largest double is a mismatch.
    @inlinable
    public mutating func double() throws(JSONError) -> Double {
        let start = try beginNumber("a number")
        let isNegative = byte(at: start) == UInt8(ascii: "-")
        if isNegative { cursor += 1 }
        var mantissa: UInt64 = 0
        let firstDigit = cursor
        try scanIntegerDigits(into: &mantissa)
        var digits = cursor - firstDigit
        var fractionDigits = 0
        if cursor < count, byte(at: cursor) == UInt8(ascii: ".") {
            cursor += 1
            let firstFractionDigit = cursor
            scanDigits(into: &mantissa)
            fractionDigits = cursor - firstFractionDigit
            guard fractionDigits > 0 else { throw malformed("expected a digit") }
            digits += fractionDigits
        }
        // Clinger's fast path: both the digits and the power of ten are doubles, so their quotient is rounded once.
        let hasExponent = cursor < count && byte(at: cursor) | 0x20 == UInt8(ascii: "e")
        guard !hasExponent, digits <= 19, mantissa <= 1 << 53, fractionDigits <= 22 else {
            return try slowDouble(start)
        }
        let magnitude = Double(mantissa) / JSONNumber.powersOfTen[fractionDigits]
        return isNegative ? -magnitude : magnitude
    }

    /// Passes one number and says where it stands.
    @usableFromInline
    mutating func scanNumber() throws(JSONError) -> (range: Range<Int>, isWhole: Bool) {
        let start = try beginNumber("a number")
        var ignored: UInt64 = 0
        var isWhole = true
        if byte(at: cursor) == UInt8(ascii: "-") { cursor += 1 }
        try scanIntegerDigits(into: &ignored)
        if cursor < count, byte(at: cursor) == UInt8(ascii: ".") {
            isWhole = false
            cursor += 1
            try scanSomeDigits()
        }
        if cursor < count, byte(at: cursor) | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            cursor += 1
            if cursor < count, byte(at: cursor) == UInt8(ascii: "+") || byte(at: cursor) == UInt8(ascii: "-") {
                cursor += 1
            }
            try scanSomeDigits()
        }
        return (start..<cursor, isWhole)
    }

    @inlinable @inline(__always)
    mutating func beginNumber(_ what: StaticString) throws(JSONError) -> Int {
        let first = peekByte()
        guard first &- UInt8(ascii: "0") <= 9 || first == UInt8(ascii: "-") else { throw expected(what) }
        return cursor
    }

    /// The digits up to the end of the number, which has no other part.
    @inlinable @inline(__always)
    mutating func wholeNumber(from start: Int) throws(JSONError) -> UInt64 {
        var value: UInt64 = 0
        let firstDigit = cursor
        try scanIntegerDigits(into: &value)
        if cursor < count, byte(at: cursor) == UInt8(ascii: ".") || byte(at: cursor) | 0x20 == UInt8(ascii: "e") {
            cursor = start
            _ = try scanNumber()
            throw JSONError(.mismatch, "expected an integer", at: start)
        }
        if cursor - firstDigit > 19 { return try longWholeNumber(from: firstDigit, at: start) }
        return value
    }

    @usableFromInline
    func longWholeNumber(from firstDigit: Int, at start: Int) throws(JSONError) -> UInt64 {
        let digits = unsafe String(decoding: UnsafeBufferPointer(rebasing: text[firstDigit..<cursor]), as: UTF8.self)
        guard let value = UInt64(digits) else { throw outOfRange(start) }
        return value
    }

    /// Passes the integer part: one zero, or digits that do not start with one.
    ///
    /// The value wraps behind 19 digits.
    @inlinable @inline(__always)
    mutating func scanIntegerDigits(into value: inout UInt64) throws(JSONError) {
        let start = cursor
        scanDigits(into: &value)
        guard cursor > start else { throw malformed("expected a digit") }
        if byte(at: start) == UInt8(ascii: "0"), cursor - start > 1 { throw malformed("a number starts with a zero") }
    }

    @inlinable @inline(__always)
    mutating func scanDigits(into value: inout UInt64) {
        while cursor < count {
            let digit = byte(at: cursor) &- UInt8(ascii: "0")
            guard digit <= 9 else { return }
            value = value &* 10 &+ UInt64(digit)
            cursor &+= 1
        }
    }

    @usableFromInline
    mutating func scanSomeDigits() throws(JSONError) {
        let start = cursor
        var ignored: UInt64 = 0
        scanDigits(into: &ignored)
        guard cursor > start else { throw malformed("expected a digit") }
    }

    @inline(never) @usableFromInline
    mutating func slowDouble(_ start: Int) throws(JSONError) -> Double {
        cursor = start
        let (range, _) = try scanNumber()
        let number = unsafe String(decoding: UnsafeBufferPointer(rebasing: text[range]), as: UTF8.self)
        guard let value = Double(number), value.isFinite else { throw outOfRange(start) }
        return value
    }

    @inline(never) @usableFromInline
    func outOfRange(_ start: Int) -> JSONError { JSONError(.mismatch, "the number is out of range", at: start) }
}

@usableFromInline enum JSONNumber {
    /// The powers of ten that are doubles exactly.
    @usableFromInline static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
