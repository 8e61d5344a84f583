/// Why a text is not the JSON that was asked for, and where.
public struct JSONError: Error, Equatable, Sendable {
    public enum Code: Sendable {
        /// The text is not JSON (RFC 8259), or is deeper than the limit.
        case malformed
        /// The text is JSON, but not of the type that was asked for.
        case mismatch
    }

    public var code: Code
    public var message: String
    /// Bytes before the place where reading stopped.
    public var offset: Int
    /// Where the value is that does not fit, as in `targets[3].name`; empty for the whole, and where that is not known.
    public var path: String

    public init(_ code: Code, _ message: String, at offset: Int, path: String = "") {
        self.code = code
        self.message = message
        self.offset = offset
        self.path = path
    }

    /// A key that an object has twice.
    @usableFromInline
    static func duplicate(_ key: String, at offset: Int) -> Self {
        Self(.malformed, "duplicate key \"\(key.excerpt)\"", at: offset)
    }
}
