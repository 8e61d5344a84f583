/// Why statistics could not be read or put together.
public struct StatisticsError: Error, Equatable, Sendable {
    public enum Code: Sendable {
        /// The bytes are not a sketch, or not one that this program could have written.
        case malformed
        /// Two sketches of different relative error cannot become one.
        case incompatible
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
