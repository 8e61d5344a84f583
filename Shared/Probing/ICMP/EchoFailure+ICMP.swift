import EventLoop
import Glibc

extension EchoFailure {
    /// Translates an ICMP error message (RFC 792, RFC 1812 section 5.2.7.1).
    init(v4Type type: UInt8, code: UInt8, errno: CInt) {
        switch (type, code) {
        case (3, 4): self = .packetTooBig
        case (3, 9), (3, 10), (3, 13): self = .prohibited
        case (3, 0), (3, 6), (3, 11): self = .unreachable("network unreachable")
        case (3, 2): self = .unreachable("protocol unreachable")
        case (3, 3): self = .unreachable("port unreachable")
        case (3, _): self = .unreachable("host unreachable")
        case (11, _): self = .hopLimitExceeded
        default: self = .init(errno: errno)
        }
    }

    /// Translates an ICMPv6 error message (RFC 4443 section 3).
    init(v6Type type: UInt8, code: UInt8, errno: CInt) {
        switch (type, code) {
        case (1, 0): self = .unreachable("no route")
        case (1, 1), (1, 5), (1, 6): self = .prohibited
        case (1, 4): self = .unreachable("port unreachable")
        case (1, _): self = .unreachable("host unreachable")
        case (2, _): self = .packetTooBig
        case (3, _): self = .hopLimitExceeded
        default: self = .init(errno: errno)
        }
    }

    /// Translates a system call's failure to send.
    init(errno: CInt) {
        switch errno {
        case ENETUNREACH: self = .unreachable("no route")
        case EHOSTUNREACH: self = .unreachable("host unreachable")
        case EACCES, EPERM: self = .permission
        case EMSGSIZE: self = .packetTooBig
        default: self = .local(errno: errno)
        }
    }

    init(_ error: ProbingError) {
        self = error.code == .permission ? .permission : .local(errno: (error.cause as? SystemError)?.code ?? 0)
    }
}
