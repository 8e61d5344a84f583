import Foundation
import Glibc

/// Who started this process and waits to hear how it is, such as systemd: sd_notify(3).
public struct Supervisor: Sendable {
    /// The one of this process; `nil` when nobody waits.
    public static let own = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"].map { Supervisor(socket: $0) }

    /// A path, or after an `@` a name in the abstract namespace.
    private let socket: String

    public init(socket: String) {
        self.socket = socket
    }

    private static let patienceSeconds = 5

    /// Says that the process has started; returns whether the supervisor could be told.
    ///
    /// Waits a while when others tell it much, and not at all when it is gone.
    public func noteStart() -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socket.utf8)
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        // A path's zero may be counted, and a name's would be part of it.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size) == 0 else { return false }
        let text = Array("READY=1".utf8)
        let sent = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, text, text.count, CInt(MSG_NOSIGNAL), address, length)
            }
        }
        return sent == text.count
    }
}
