import Glibc
public import TLS

/// What this library throws.
public struct EgressError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable, CaseIterable {
        /// The request itself is not acceptable: its URL, method, header or record type.
        case badRequest
        /// The policy does not allow any of the target's addresses.
        case forbidden
        /// The name did not resolve.
        case resolve
        case refused
        case unreachable
        case reset
        case timeout
        /// The TLS handshake.
        case tls
        /// The server's certificate is not trusted, or is another's.
        case certificate
        /// The peer did not keep to its protocol, or to the limits of this side.
        case protocolViolation
        case tooManyRedirects
        case cancelled
        /// As much is under way as may be.
        case busy
        /// The operating system does not permit it.
        case permission
        /// This host failed.
        case local
    }

    public var code: Code
    public var message: String
    public var cause: (any Error)?
    /// How far a connection came before it failed.
    public var times = EgressTimes()
    /// Where it was sent, when it came so far.
    public var remoteAddress: String?
    /// The server says that it has not looked at the request.
    public var isUnread = false
    /// What the server showed over TLS, when it came so far.
    public var inspection: PeerInspection?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }
}

/// How long each phase of a connection took, in microseconds; 0 for a phase that was not reached or not needed.
public struct EgressTimes: Equatable, Sendable {
    public var dns = 0
    public var connect = 0
    public var tls = 0
    /// From the request on its way to the first byte of the response.
    public var firstByte = 0
    /// All of it, from the start of the resolution to the last byte.
    public var total = 0
}

extension EgressError {
    static func connectCode(_ errno: CInt) -> Code {
        switch errno {
        case ECONNREFUSED: .refused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
        case ETIMEDOUT: .timeout
        case ECONNRESET, EPIPE: .reset
        case EACCES, EPERM: .permission
        default: .local
        }
    }
}
