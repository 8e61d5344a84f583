extension JSONReader {
    @inlinable
    public mutating func bool() throws(JSONError) -> Bool {
        switch peekByte() {
        case UInt8(ascii: "t"):
            try scanWord("true")
            return true
        case UInt8(ascii: "f"):
            try scanWord("false")
            return false
        default: throw expected("true or false")
        }
    }

    @inlinable
    public mutating func null() throws(JSONError) {
        guard peekByte() == UInt8(ascii: "n") else { throw expected("null") }
        try scanWord("null")
    }

    /// Passes a null if that is what comes next, and says whether it did.
    @inlinable
    public mutating func readIfNull() throws(JSONError) -> Bool {
        guard peekByte() == UInt8(ascii: "n") else { return false }
        try scanWord("null")
        return true
    }

    /// Passes the next value whole, checking all of it.
    public mutating func skip() throws(JSONError) {
        switch peekByte() {
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "{"):
            try enter()
            while try nextKeyToken() != nil { try skip() }
        case UInt8(ascii: "["):
            try enter()
            while try nextElement() { try skip() }
        case UInt8(ascii: "t"): try scanWord("true")
        case UInt8(ascii: "f"): try scanWord("false")
        case UInt8(ascii: "n"): try scanWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try scanNumber()
        default: throw malformed("expected a value")
        }
    }

    /// Passes the next value whole and says where its bytes are, counted from the first byte of the text.
    @inlinable
    public mutating func rawValue() throws(JSONError) -> Range<Int> {
        skipWhitespace()
        let start = cursor
        try skip()
        return start..<cursor
    }

    @inlinable @inline(__always)
    mutating func scanWord(_ word: StaticString) throws(JSONError) {
        let end = cursor + word.utf8CodeUnitCount
        let isThere =
            end <= count
            && word.withUTF8Buffer { unsafe $0.elementsEqual(UnsafeBufferPointer(rebasing: text[cursor..<end])) }
        guard isThere else { throw malformed("expected a value") }
        cursor = end
    }
}

/// Checks in one pass that `bytes` are one JSON text (RFC 8259) and nothing else.
///
/// Duplicate keys are not looked for.
public func validateJSON(
    _ bytes: some Collection<UInt8>,
    depthLimit: Int = JSONReader.defaultDepthLimit
) throws(JSONError) {
    try JSONReader.read(bytes, depthLimit: depthLimit) { reader throws(JSONError) in
        try reader.skip()
        try reader.finish()
    }
}
