extension JSONReader {
    /// The bytes between the quotes of a string that has passed the checks.
    @usableFromInline struct StringToken {
        @usableFromInline var range: Range<Int>
        @usableFromInline var isEscaped: Bool

        @inlinable
        init(range: Range<Int>, isEscaped: Bool) {
            self.range = range
            self.isEscaped = isEscaped
        }
    }

    @inlinable
    public mutating func string() throws(JSONError) -> String {
        guard peekByte() == UInt8(ascii: "\"") else { throw expected("a string") }
        let token = try scanString()
        guard !token.isEscaped else { return unescaped(token) }
        return unsafe String(decoding: UnsafeBufferPointer(rebasing: text[token.range]), as: UTF8.self)
    }

    /// Passes a string; the reader stands at its opening quote.
    @inlinable
    mutating func scanString() throws(JSONError) -> StringToken {
        try scanStringHere()
    }

    /// The same without a call, for loops over many strings.
    @inlinable @inline(__always)
    mutating func scanStringHere() throws(JSONError) -> StringToken {
        let start = cursor + 1
        let end = endOfPlainText(from: start)
        guard end < count, byte(at: end) == UInt8(ascii: "\"") else { return try scanUnusualString(from: end) }
        cursor = end + 1
        return StringToken(range: start..<end, isEscaped: false)
    }

    /// The first index from `start` on with anything but printable ASCII, or with a quote or a backslash.
    @inlinable @inline(__always)
    func endOfPlainText(from start: Int) -> Int {
        var index = start
        let bytes = unsafe UnsafeRawBufferPointer(text)
        while index &+ 8 <= count {
            let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special = EightBytes.special(word) | word & 0x8080_8080_8080_8080
            if special != 0 { return index &+ special.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count, Self.isPlain(byte(at: index)) { index &+= 1 }
        return index
    }

    @inlinable @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Goes on with a string whose plain text ends at `index`: checks escapes and UTF-8 up to its closing quote.
    @usableFromInline
    mutating func scanUnusualString(from index: Int) throws(JSONError) -> StringToken {
        let start = cursor + 1
        var isEscaped = false
        cursor = index
        while cursor < count {
            switch byte(at: cursor) {
            case UInt8(ascii: "\""):
                cursor += 1
                return StringToken(range: start..<cursor - 1, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                try scanEscape()
            case 0x80...:
                try scanNonASCII()
            default:
                throw malformed("a control character in a string")
            }
            cursor = endOfPlainText(from: cursor)
        }
        throw malformed("the text ends in a string")
    }

    /// Passes one escape sequence, and both of a surrogate pair.
    private mutating func scanEscape() throws(JSONError) {
        guard cursor + 1 < count else { throw malformed("the text ends in a string") }
        switch byte(at: cursor + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            cursor += 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(at: cursor) else { throw malformed("a \\u escape needs four hex digits") }
            if UTF16.isLeadSurrogate(unit) {
                guard let next = codeUnit(at: cursor + 6), UTF16.isTrailSurrogate(next) else {
                    throw malformed("half a surrogate pair")
                }
                cursor += 12
            } else if UTF16.isTrailSurrogate(unit) {
                throw malformed("half a surrogate pair")
            } else {
                cursor += 6
            }
        default:
            throw malformed("no such escape")
        }
    }

    /// The value of `\uXXXX` at `index`, if that is what stands there.
    private func codeUnit(at index: Int) -> UInt16? {
        guard index + 6 <= count, byte(at: index) == UInt8(ascii: "\\"), byte(at: index + 1) == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for digit in index + 2..<index + 6 {
            guard let value = Self.hexValue(byte(at: digit)) else { return nil }
            unit = unit << 4 | UInt16(value)
        }
        return unit
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Passes a run of well-formed UTF-8 sequences of two to four bytes (Unicode, table 3-7).
    private mutating func scanNonASCII() throws(JSONError) {
        while cursor < count, byte(at: cursor) >= 0x80 {
            let length: Int
            let second: ClosedRange<UInt8>
            switch byte(at: cursor) {
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: throw malformed("not UTF-8")
            }
            guard cursor + length <= count, second.contains(byte(at: cursor + 1)) else { throw malformed("not UTF-8") }
            for index in cursor + 2..<cursor + length where byte(at: index) & 0xC0 != 0x80 {
                throw malformed("not UTF-8")
            }
            cursor += length
        }
    }

    /// The text of a string that `scanString` has checked.
    @usableFromInline
    func unescaped(_ token: StringToken) -> String {
        // Every escape is longer than what it stands for.
        unsafe String(unsafeUninitializedCapacity: token.range.count) { output in
            var count = 0
            var index = token.range.lowerBound
            while index < token.range.upperBound {
                if byte(at: index) == UInt8(ascii: "\\") {
                    let (scalar, length) = escape(at: index)
                    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                        unsafe output[count] = byte
                        count += 1
                    }
                    index += length
                } else {
                    unsafe output[count] = byte(at: index)
                    count += 1
                    index += 1
                }
            }
            return count
        }
    }

    private func escape(at index: Int) -> (Unicode.Scalar, length: Int) {
        switch byte(at: index + 1) {
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "u"):
            let unit = UInt32(codeUnit(at: index) ?? 0)
            if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
            let trail = UInt32(codeUnit(at: index + 6) ?? 0)
            let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + trail & 0x3FF)
            return (scalar ?? "\u{FFFD}", 12)
        case let literal: return (Unicode.Scalar(literal), 2)
        }
    }
}
