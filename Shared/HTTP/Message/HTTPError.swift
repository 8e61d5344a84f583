/// Why a connection or a stream could not go on.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The peer broke the protocol or a limit.
        case protocolViolation
        /// The connection could not be made, or broke.
        case connection
        /// The peer refused the stream without running it: trying again is safe.
        case refused
        /// The peer reset the stream.
        case reset
        /// The connection is closing and takes nothing new.
        case closing
        /// Something did not come in time.
        case timeout
        /// The body is larger than the limit.
        case tooLarge
        /// A library call failed where it must not.
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
