/// Why bytes cannot be read, or not be made.
public struct PackingError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The bytes are not what was once written: damaged, cut short, or of something else.
        case malformed
        /// The library failed, as when there is no memory.
        case library
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
