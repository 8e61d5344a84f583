/// A strict pull reader over the bytes of one JSON text (RFC 8259).
///
/// Every operation reads one token or one value and moves behind it. Nothing is copied but the strings that are asked
/// for, and nothing is accepted that the specification forbids: the reader checks grammar, UTF-8, surrogates and depth
/// of every byte it passes, skipped ones too.
///
///     let latency = try JSONReader.read(bytes) { reader throws(JSONError) in
///         var latency = 0.0
///         try reader.beginObject()
///         while let key = try reader.nextKey() {
///             switch key {
///             case "latency": latency = try reader.double()
///             default: try reader.skip()
///             }
///         }
///         try reader.finish()
///         return latency
///     }
///
/// Safety: the reader points into bytes that `read` keeps alive. It can be neither copied nor made elsewhere, so it
/// cannot outlive them.
@safe public struct JSONReader: ~Copyable {
    /// The depth at which reading stops by default: the number of arrays and objects open at once.
    public static let defaultDepthLimit = 64
    /// What is written by hand to read nested values is recursive, so no reader goes deeper than this.
    public static let maximumDepthLimit = 512

    @usableFromInline let text: UnsafeBufferPointer<UInt8>
    /// Bytes before the next one to be read.
    @inlinable public var position: Int { cursor }
    @usableFromInline var cursor = 0
    @usableFromInline var depth = 0
    @usableFromInline let depthLimit: Int
    /// The next key or element of the innermost container is its first one, so no comma stands before it.
    @usableFromInline var isFirst = false

    @inlinable
    init(_ text: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
        precondition((0...Self.maximumDepthLimit).contains(depthLimit), "no reader goes that deep")
        unsafe self.text = unsafe text
        self.depthLimit = depthLimit
    }

    /// Hands a reader over `bytes` to `body`.
    ///
    /// Offsets count from the first byte of `bytes`, also when those are a slice. A text that holds more than the value
    /// read is accepted unless `body` ends with `finish()`.
    @inlinable
    public static func read<T, E>(
        _ bytes: some Collection<UInt8>,
        depthLimit: Int = defaultDepthLimit,
        _ body: (inout JSONReader) throws(E) -> T
    ) throws(E) -> T {
        let result = bytes.withContiguousStorageIfAvailable { text in
            Result<T, E> { () throws(E) in
                var reader = unsafe JSONReader(text, depthLimit: depthLimit)
                return try body(&reader)
            }
        }
        if let result { return try result.get() }
        return try read(Array(bytes), depthLimit: depthLimit, body)
    }

    /// Checks that only whitespace remains.
    @inlinable
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard cursor == count else { throw malformed("expected the end of the text") }
    }

    /// The kind of the next value, by its first byte; `nil` when no value can start there.
    @inlinable
    public mutating func peekKind() -> JSONKind? {
        switch peekByte() {
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: nil
        }
    }

    @inlinable var count: Int { unsafe text.count }

    @inlinable @inline(__always)
    func byte(at index: Int) -> UInt8 { unsafe text[index] }

    /// The byte behind the whitespace, and zero, which starts no token, at the end.
    @inlinable @inline(__always)
    mutating func peekByte() -> UInt8 {
        if cursor < count, byte(at: cursor) > UInt8(ascii: " ") { return byte(at: cursor) }
        skipWhitespace()
        return cursor < count ? byte(at: cursor) : 0
    }

    @inlinable
    mutating func skipWhitespace() {
        while cursor < count {
            switch byte(at: cursor) {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): cursor += 1
            default: return
            }
        }
    }

    @inline(never) @usableFromInline
    func malformed(_ message: StaticString) -> JSONError {
        JSONError(.malformed, message.description, at: cursor)
    }

    /// What to throw when the next value does not start like the one that was asked for.
    @inline(never) @usableFromInline
    mutating func expected(_ what: StaticString) -> JSONError {
        guard peekKind() != nil else { return malformed("expected a value") }
        return JSONError(.mismatch, "expected \(what)", at: cursor)
    }
}

/// What a JSON value is, by its first byte.
public enum JSONKind: Sendable {
    case object, array, string, number, bool, null
}
