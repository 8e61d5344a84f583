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
        // One bit a container that is open here, the innermost one's last: set for an object.
        var objects: UInt64 = 0
        var open = 0
        repeat {
            let first = peekByte()
            switch first {
            case UInt8(ascii: "\""):
                _ = try scanStringHere()
            case UInt8(ascii: "{") where open < 64:
                try enter()
                if peekByte() != UInt8(ascii: "}") {
                    try skipKey()
                    objects = objects << 1 | 1
                    open += 1
                    continue
                }
                leave()
            case UInt8(ascii: "[") where open < 64:
                try enter()
                if peekByte() != UInt8(ascii: "]") {
                    objects <<= 1
                    open += 1
                    continue
                }
                leave()
            case UInt8(ascii: "0")...UInt8(ascii: "9") where isOneDigit:
                cursor += 1
            default:
                try skipValue(first)
            }
            // Behind a value: what it stands in goes on, or ends and is itself the value that is passed.
            while open > 0 {
                let isObject = objects & 1 == 1
                let next = peekByte()
                if next == UInt8(ascii: ",") {
                    cursor += 1
                    if isObject { try skipKey() }
                    break
                }
                if isObject, next != UInt8(ascii: "}") {
                    throw malformed("expected a comma or the end of the object")
                } else if !isObject, next != UInt8(ascii: "]") {
                    throw malformed("expected a comma or the end of the array")
                }
                leave()
                objects >>= 1
                open -= 1
            }
        } while open > 0
    }

    /// Whether the digit here is the whole number, as most counts are.
    @inline(__always)
    private var isOneDigit: Bool {
        guard cursor + 1 < count else { return true }
        let next = byte(at: cursor + 1)
        return next == UInt8(ascii: ",") || next == UInt8(ascii: "]") || next == UInt8(ascii: "}")
    }

    /// Passes a key with its colon.
    @inline(__always)
    private mutating func skipKey() throws(JSONError) {
        guard peekByte() == UInt8(ascii: "\"") else { throw malformed("expected a key") }
        _ = try scanStringHere()
        guard peekByte() == UInt8(ascii: ":") else { throw malformed("expected a colon") }
        cursor += 1
    }

    /// Passes a value that is no string and no container, or a container that is too deep in others for one word of
    /// bits.
    private mutating func skipValue(_ first: UInt8) throws(JSONError) {
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skip()
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
        guard readIf(word) else { throw malformed("expected a value") }
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
