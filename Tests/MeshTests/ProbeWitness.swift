import Contracts
import EventLoop

/// Ports that note when they are connected to: a truth about probes in which the agent has no part.
final class ProbeWitness: Sendable {
    private let loop: EventLoop
    private let ports: LoopBound<[Port]>
    /// Where each of them is reached, such as `127.0.0.1:1234`.
    let addresses: [String]

    init(ports count: Int) async throws {
        let loop = try EventLoop(name: "witness")
        try loop.start()
        self.loop = loop
        (ports, addresses) = try await withTaskExecutorPreference(loop) {
            let ports = try (0..<count).map { _ in try Port(on: loop) }
            return (LoopBound(ports, on: loop), ports.map { "\($0.address)" })
        }
    }

    deinit { loop.stop() }

    /// When each port was connected to, in the order of time.
    var visits: [[Timestamp]] {
        get async { await withTaskExecutorPreference(loop) { [ports] in ports.value.map(\.visits) } }
    }

    private final class Port: ReadinessHandler {
        let address: SocketAddress
        private(set) var visits: [Timestamp] = []
        private let socket: FileDescriptor

        init(on loop: EventLoop) throws {
            socket = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0))
            address = try TCPSocket.localAddress(of: socket)
            try loop.register(socket.number, for: .read, self)
        }

        func ready(_ readiness: Readiness) {
            while let connection = try? TCPSocket.accept(from: socket) {
                visits.append(.now)
                _ = consume connection
            }
        }
    }
}
