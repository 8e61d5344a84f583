/// What this library throws.
public struct ProbingError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The process lacks a permission; the message names what grants it.
        case permission
        /// The operating system refused for another reason.
        case system
    }

    public var code: Code
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }
}
