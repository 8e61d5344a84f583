import EventLoop
import Glibc

/// Answers every ICMP echo request on loopback with an ICMP error that quotes as little of it as a router may.
final class RefusingRouter: ReadinessHandler {
    private let loop: EventLoop
    private let type: UInt8
    private let code: UInt8
    private let socket: FileDescriptor

    init(on loop: EventLoop, type: UInt8, code: UInt8) throws {
        self.loop = loop
        self.type = type
        self.code = code
        let kind = CInt(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(AF_INET, kind, CInt(IPPROTO_ICMP))
        guard number >= 0 else { throw SystemError(code: errno, message: "a raw socket") }
        socket = FileDescriptor(number)
        try loop.register(number, for: .read, self)
    }

    func close() {
        loop.unregister(socket.number)
    }

    func ready(_ readiness: Readiness) {
        var packet = [UInt8](repeating: 0, count: 2_048)
        while case let size = unsafe recv(socket.number, &packet, packet.count, 0), size > 0 {
            let header = Int(packet[0] & 15) * 4
            guard packet[header] == 8 else { continue }
            refuse(Array(packet[..<(header + 8)]))
        }
    }

    private func refuse(_ quote: [UInt8]) {
        var message = [type, code, 0, 0, 0, 0, 0, 0] + quote
        let sum = checksum(message)
        message[2] = UInt8(sum >> 8)
        message[3] = UInt8(sum & 255)
        unsafe SocketAddress(.loopback, port: 0).withSockaddr { address, size in
            _ = unsafe sendto(socket.number, message, message.count, 0, address, size)
        }
    }

    /// RFC 1071, of an even number of bytes.
    private func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}
