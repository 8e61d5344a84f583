import CLinux
import EventLoop
import Glibc

extension EchoSocket {
    /// Opens the first kind of socket that this process may have.
    static func first(
        of kinds: [ICMPEngine.SocketKind],
        isV6: Bool,
        isWhole: Bool,
        capacity: Int,
        on loop: EventLoop
    ) throws(ProbingError) -> EchoSocket {
        var failure = SystemError(code: EACCES, message: "socket")
        for kind in kinds {
            let number = clinux_icmp_open(isV6 ? 1 : 0, kind == .raw ? 1 : 0, isWhole ? 1 : 0)
            guard number == -1 else {
                let descriptor = FileDescriptor(number)
                return EchoSocket(descriptor, isV6: isV6, isRaw: kind == .raw, capacity: capacity, on: loop)
            }
            failure = SystemError(code: errno, message: "socket(\(isV6 ? "ICMPv6" : "ICMP"), \(kind))")
        }
        guard failure.code == EACCES || failure.code == EPERM else {
            throw ProbingError(.system, "no ICMP socket", cause: failure)
        }
        throw ProbingError(.permission, missingPermission(), cause: failure)
    }

    private static func missingPermission() -> String {
        let name = "net.ipv4.ping_group_range"
        let range = readRange() ?? "unreadable"
        return "ICMP needs the sysctl \(name) (now \"\(range)\") to include group \(getegid()), or CAP_NET_RAW"
    }

    private static func readRange() -> String? {
        let file = unsafe Glibc.open("/proc/sys/net/ipv4/ping_group_range", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        let descriptor = FileDescriptor(file)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(descriptor.number, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(
            separator: " "
        )
    }
}
