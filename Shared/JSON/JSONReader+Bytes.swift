import Glibc

extension JSONReader {
    /// Hands the UTF-8 bytes of a string to `body`, for those who need no `String`.
    @inlinable
    public mutating func string<T>(_ body: (Span<UInt8>) throws(JSONError) -> T) throws(JSONError) -> T {
        guard peekByte() == UInt8(ascii: "\"") else { throw expected("a string") }
        let token = try scanString()
        guard !token.isEscaped else {
            let bytes = Array(unescaped(token).utf8)
            return try body(bytes.span)
        }
        return try body(unsafe UnsafeBufferPointer(rebasing: text[token.range]).span)
    }

    /// Like `nextKey()`, with the key's UTF-8 bytes handed to `body`, for those who need no `JSONKey`.
    @inlinable
    public mutating func nextKey<T>(_ body: (Span<UInt8>) -> T) throws(JSONError) -> T? {
        guard let token = try nextKeyToken() else { return nil }
        guard !token.isEscaped else {
            let bytes = Array(unescaped(token).utf8)
            return body(bytes.span)
        }
        return body(unsafe UnsafeBufferPointer(rebasing: text[token.range]).span)
    }

    /// Passes these very bytes if they are what comes next, and says whether it did; what they open or close is not seen.
    public mutating func readIf(_ bytes: StaticString) -> Bool {
        let length = bytes.utf8CodeUnitCount
        guard length <= count - cursor, let start = unsafe text.baseAddress,
            unsafe memcmp(start + cursor, bytes.utf8Start, length) == 0
        else { return false }
        cursor += length
        return true
    }

    /// Whether nothing follows, not even whitespace.
    @inlinable public var isAtEnd: Bool { cursor == count }

    /// Passes the next value whole and appends its bytes as they stand.
    @inlinable
    public mutating func rawValue(into bytes: inout [UInt8]) throws(JSONError) {
        let range = try rawValue()
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[range]))
    }
}
