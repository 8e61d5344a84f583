/// The key of an object's member, unescaped.
///
/// Compares with a literal without making a `String`: keys of up to 24 bytes are held inline.
@frozen public struct JSONKey: Hashable, Sendable {
    /// The first 24 bytes in memory order, zeros behind a shorter key.
    @usableFromInline var head: SIMD3<UInt64>
    @usableFromInline var count: Int
    /// The whole key when it is longer than the head.
    @usableFromInline var whole: [UInt8]?

    /// `bytes` are valid UTF-8.
    @inlinable
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        head = unsafe Self.head(of: bytes)
        count = bytes.count
        whole = unsafe bytes.count > 24 ? Array(bytes) : nil
    }

    @inlinable @inline(__always)
    static func head(of bytes: UnsafeBufferPointer<UInt8>) -> SIMD3<UInt64> {
        var head = SIMD3<UInt64>.zero
        unsafe withUnsafeMutableBytes(of: &head) { head in
            unsafe head.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).prefix(24)))
        }
        return head
    }

    @inlinable
    init(_ string: String) {
        var string = string
        self = string.withUTF8 { utf8 in unsafe JSONKey(utf8) }
    }

    @inlinable public var string: String {
        if let whole { return String(decoding: whole, as: UTF8.self) }
        return unsafe withUnsafeBytes(of: head) { unsafe String(decoding: $0.prefix(count), as: UTF8.self) }
    }

    @inlinable
    public static func == (key: JSONKey, literal: StaticString) -> Bool {
        guard key.count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { literal in
            if let whole = key.whole { return unsafe whole.elementsEqual(literal) }
            return unsafe JSONKey.head(of: literal) == key.head
        }
    }

    @inlinable
    public static func ~= (literal: StaticString, key: JSONKey) -> Bool { key == literal }
}

/// The keys of one object seen so far: finds a key that stands there twice.
public struct JSONKeySet {
    @usableFromInline var few: [JSONKey] = []
    @usableFromInline var many: Set<JSONKey> = []

    public init() {}

    /// Notes `key`; throws `.malformed` when it is there already.
    public mutating func insert(_ key: JSONKey, before position: Int) throws(JSONError) {
        let isNew: Bool
        if few.count < 16 {
            isNew = !few.contains(key)
            few.append(key)
        } else {
            if many.isEmpty { many = Set(few) }
            isNew = many.insert(key).inserted
        }
        guard isNew else { throw JSONError.duplicate(key.string, at: position) }
    }
}
