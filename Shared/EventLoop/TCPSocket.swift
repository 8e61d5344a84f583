import CLinux
import Glibc

/// Non-blocking TCP sockets.
public enum TCPSocket {
    /// Listens with `SO_REUSEPORT`, so that each loop may have a listener of its own on one port.
    ///
    /// Throws `SystemError` with `EADDRINUSE` when another program holds the port.
    public static func listen(
        on address: SocketAddress,
        backlog: CInt = 1024,
        sharingPort: Bool = true
    ) throws(SystemError) -> FileDescriptor {
        let socket = try open(address.family)
        try setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1)
        if sharingPort { try setOption(socket, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == .v6 { try setOption(socket, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let bound = unsafe address.withSockaddr { unsafe bind(socket.number, $0, $1) }
        try check(bound, "bind to \(address)")
        try check(Glibc.listen(socket.number, backlog), "listen on \(address)")
        return socket
    }

    /// Starts connecting; the socket becomes writable when it is connected or has failed.
    public static func connect(to address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let socket = try open(address.family)
        try setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        let result = unsafe address.withSockaddr { unsafe Glibc.connect(socket.number, $0, $1) }
        if result == -1, errno != EINPROGRESS { try check(result, "connect to \(address)") }
        return socket
    }

    /// The next connection in the queue of a listener; `nil` when there is none.
    public static func accept(from listener: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor? {
        while true {
            let fd = clinux_accept(listener.number)
            guard fd == -1 else {
                let socket = FileDescriptor(fd)
                try setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
                return socket
            }
            switch errno {
            case EAGAIN: return nil
            case ECONNABORTED, EINTR: continue
            default: try check(fd, "accept")
            }
        }
    }

    /// What became of a connect that was under way; throws the reason when it failed.
    public static func checkConnected(_ socket: borrowing FileDescriptor) throws(SystemError) {
        var failure: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        try unsafe check(getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &failure, &size), "getsockopt SO_ERROR")
        guard failure == 0 else { throw SystemError(code: failure, message: "connect") }
    }

    /// The address a socket is bound to; tells the port of one that was bound to port 0.
    public static func localAddress(of socket: borrowing FileDescriptor) throws(SystemError) -> SocketAddress {
        try unsafe address(of: socket.number, getsockname, "getsockname")
    }

    public static func peerAddress(of socket: borrowing FileDescriptor) throws(SystemError) -> SocketAddress {
        try unsafe address(of: socket.number, getpeername, "getpeername")
    }

    private static func address(
        of fd: CInt,
        _ call: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt,
        _ name: String
    ) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call(fd, $0, &size) }
        }
        try check(result, name)
        guard let address = SocketAddress(storage) else { throw SystemError(code: EAFNOSUPPORT, message: name) }
        return address
    }

    /// What socket(2) is told besides the type, so that a socket never blocks and is not inherited.
    public static let creationFlags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

    private static func open(_ family: SocketAddress.Family) throws(SystemError) -> FileDescriptor {
        let type = CInt(SOCK_STREAM.rawValue) | creationFlags
        return FileDescriptor(try check(socket(family == .v4 ? AF_INET : AF_INET6, type, 0), "socket"))
    }

    private static func setOption(
        _ socket: borrowing FileDescriptor,
        _ level: CInt,
        _ option: CInt,
        _ value: CInt
    ) throws(SystemError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        try unsafe check(setsockopt(socket.number, level, option, &value, size), "setsockopt \(option)")
    }
}
