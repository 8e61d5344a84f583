import Glibc

/// A system call that failed: what was tried, and `errno`.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    public var code: CInt
    public var message: String

    public init(code: CInt, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(message): \(reason)" }

    /// The system's own words for `code`.
    public var reason: String {
        unsafe String(cString: strerror(code))
    }
}

/// Turns a result of -1 into a thrown `SystemError`, and passes every other result through.
@discardableResult
func check(_ result: CInt, _ call: @autoclosure () -> String) throws(SystemError) -> CInt {
    guard result == -1 else { return result }
    throw SystemError(code: errno, message: call())
}
