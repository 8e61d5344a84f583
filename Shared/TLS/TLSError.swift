internal import COpenSSL

/// Why a handshake, a certificate, a key or a signature was refused.
public struct TLSError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// A file is missing or is not what it should be; `message` names it.
        case identity
        /// The peer showed no certificate, or one that does not hold.
        case untrusted
        /// The peer broke the protocol, or speaks another one.
        case handshake
        /// OpenSSL failed where it must not: out of memory, or used wrongly.
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

/// Passes a success of OpenSSL through, and throws what its error queue holds otherwise.
@discardableResult
func check(_ result: CInt, _ code: TLSError.Code = .library, _ call: StaticString) throws(TLSError) -> CInt {
    guard result <= 0 else { return result }
    throw TLSError(code, "\(call): \(takeErrors())")
}

/// The reasons in the thread's error queue, which is empty afterwards.
func takeErrors() -> String {
    var reasons: [String] = []
    while true {
        let code = ERR_get_error()
        guard code != 0 else { break }
        if let reason = unsafe ERR_reason_error_string(code) {
            unsafe reasons.append(String(cString: reason))
        }
    }
    return reasons.isEmpty ? "failed" : reasons.joined(separator: ", ")
}
