/// Writes JSON text at the end of a byte array, with no copy in between.
///
/// Commas are written where they belong. Whether containers are closed and keys alternate with values is the caller's
/// duty.
///
///     var writer = JSONWriter()
///     writer.beginObject()
///     writer.key("latency")
///     writer.double(0.25)
///     writer.endObject()
///     // writer.bytes: {"latency":0.25}
public struct JSONWriter: Sendable {
    public var bytes: [UInt8] = []
    /// A value stands before this place, so the next key or element is preceded by a comma.
    @usableFromInline var needsComma = false

    @inlinable
    public init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Forgets what was written, but not the memory.
    @inlinable
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    @inlinable
    public mutating func beginObject() { begin(UInt8(ascii: "{")) }

    @inlinable
    public mutating func endObject() { end(UInt8(ascii: "}")) }

    @inlinable
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }

    @inlinable
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    /// A key that needs no escaping: printable ASCII without quotes and backslashes.
    @inlinable
    public mutating func key(_ key: StaticString) {
        key.withUTF8Buffer { key in
            unsafe append(upTo: key.count + 3) { output in
                unsafe Self.quote(key, to: output)
                unsafe output[key.count + 2] = UInt8(ascii: ":")
                return key.count + 3
            }
        }
        needsComma = false
    }

    /// Any key at all.
    ///
    /// Of another name than the one for literals, which a literal would not find: it is a `String` first.
    @inlinable
    public mutating func key(named key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    @inlinable
    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    @inlinable
    public mutating func null() { raw("null") }

    /// A value that is JSON text already.
    @inlinable
    public mutating func raw(_ text: StaticString) {
        writeComma()
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        needsComma = true
    }

    /// A value that is JSON text already.
    @inlinable
    public mutating func raw(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { text in
            unsafe append(upTo: text.count) { output in
                if let start = text.baseAddress { unsafe output.update(from: start, count: text.count) }
                return text.count
            }
        }
        needsComma = true
    }

    /// JSON text up to a place where a key, an element or a value goes that no comma precedes.
    @inlinable
    public mutating func opening(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        needsComma = false
    }

    /// A value that is JSON text already.
    @inlinable
    public mutating func raw(_ text: some Collection<UInt8>) {
        writeComma()
        bytes.append(contentsOf: text)
        needsComma = true
    }

    /// Ends a line, behind which another text may start.
    @inlinable
    public mutating func newline() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    @inlinable @inline(__always)
    mutating func begin(_ bracket: UInt8) {
        writeComma()
        bytes.append(bracket)
        needsComma = false
    }

    @inlinable @inline(__always)
    mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    @inlinable @inline(__always)
    mutating func writeComma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    /// Appends a comma, if one belongs here, and what `body` puts into room for `capacity` bytes: as many as it returns.
    @inlinable @inline(__always)
    mutating func append(upTo capacity: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        let commas = needsComma ? 1 : 0
        bytes.append(addingCapacity: capacity + 1) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                guard let base = buffer.baseAddress else { return }
                unsafe base[0] = UInt8(ascii: ",")
                count = unsafe commas + body(base + commas)
                assert(count <= capacity + 1)
            }
        }
    }

    @inlinable @inline(__always)
    static func quote(_ text: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<UInt8>) {
        unsafe output[0] = UInt8(ascii: "\"")
        if let source = text.baseAddress {
            unsafe UnsafeMutableRawPointer(output + 1).copyMemory(from: source, byteCount: text.count)
        }
        unsafe output[text.count + 1] = UInt8(ascii: "\"")
    }
}
