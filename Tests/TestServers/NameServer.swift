public import EventLoop
import Glibc

/// A DNS server over UDP, on a loop of its own, that answers every question as it was told.
public final class NameServer: Sendable {
    public let address: SocketAddress

    /// The function has a question as it came, identifier included, and returns what is sent back.
    public init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) async throws {
        let loop = try EventLoop(name: "name server")
        try loop.start()
        address = try await withTaskExecutorPreference(loop) { try Responder(on: loop, answer).address }
    }

    /// A server that has these addresses for every name and type, each 4 or 16 bytes, and else that code.
    public convenience init(addresses: [[UInt8]], responseCode: UInt8 = 0) async throws {
        try await self.init { question in
            let type = question[question.count - 3]
            let fitting = addresses.filter { ($0.count == 4 ? 1 : 28) == type }
            let head = Array(question[..<2]) + [0x84, responseCode, 0, 1, 0, UInt8(fitting.count), 0, 0, 0, 0]
            let records = fitting.flatMap { address -> [UInt8] in
                [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(address.count)] + address
            }
            return head + question[12...] + records
        }
    }
}

private final class Responder: ReadinessHandler {
    let address: SocketAddress
    private let socket: FileDescriptor
    private let answer: @Sendable ([UInt8]) -> [UInt8]?

    init(on loop: EventLoop, _ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
        self.answer = answer
        let kind = CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = Glibc.socket(AF_INET, kind, 0)
        socket = FileDescriptor(number)
        _ = unsafe SocketAddress(.loopback, port: 0).withSockaddr { unsafe bind(number, $0, $1) }
        address = try TCPSocket.localAddress(of: socket)
        try loop.register(socket.number, for: .read, self)
    }

    func ready(_ readiness: Readiness) {
        var packet = [UInt8](repeating: 0, count: 2_048)
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe recvfrom(socket.number, &packet, packet.count, 0, $0, &size)
            }
        }
        guard count > 16, let client = SocketAddress(storage), let reply = answer(Array(packet[..<count])) else {
            return
        }
        _ = unsafe client.withSockaddr { unsafe sendto(socket.number, reply, reply.count, 0, $0, $1) }
    }
}
