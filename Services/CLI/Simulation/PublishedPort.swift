import EventLoop
import Glibc
import Synchronization

/// A port of this machine that leads to the same port of loopback within a network namespace.
///
/// The listener is opened outside; everything else happens on a loop whose thread is inside, so connections to the
/// service are made there.
final class PublishedPort: ReadinessHandler {
    private static let maximumConnections = 256

    private let listener: FileDescriptor
    private let destination: SocketAddress
    private let loop: EventLoop
    private var relays: [ObjectIdentifier: Relay] = [:]

    /// To be called on the loop; `listener` was opened outside.
    init(_ listener: consuming FileDescriptor, to port: UInt16, on loop: EventLoop) throws(SystemError) {
        self.listener = listener
        self.loop = loop
        destination = SocketAddress(.loopback, port: port)
        try loop.register(self.listener.number, for: .read, self)
    }

    func close() {
        loop.unregister(listener.number)
        for relay in relays.values { relay.close() }
    }

    func ready(_ readiness: Readiness) {
        do {
            while let client = try TCPSocket.accept(from: listener) {
                guard relays.count < Self.maximumConnections else { continue }
                let server = try TCPSocket.connect(to: destination)
                let relay = Relay(client, server, on: loop) { [unowned self] in relays[$0] = nil }
                relays[ObjectIdentifier(relay)] = relay
                try relay.start()
            }
        } catch {
            // This one could not be taken; the next one may.
            return
        }
    }
}

/// A listener on its way to a loop: opened outside of the namespace, and used inside.
final class PublishedListener: Sendable {
    private let socket: Mutex<FileDescriptor?>

    init(_ socket: consuming FileDescriptor) {
        self.socket = Mutex(socket)
    }

    /// To be called once, on the loop; leads to `port` of the loopback that its thread sees.
    func publish(_ port: UInt16, on loop: EventLoop) throws -> PublishedPort? {
        guard let socket = socket.withLock({ $0.take() }) else { return nil }
        return try PublishedPort(socket, to: port, on: loop)
    }
}

/// Two sockets, each of which is sent what the other one says.
private final class Relay {
    /// One direction: what was read and is not written yet.
    private final class Side: ReadinessHandler {
        let socket: FileDescriptor
        var pending: [UInt8] = []
        var isReadOver = false
        var interest: Readiness = []
        unowned let relay: Relay

        init(_ socket: consuming FileDescriptor, of relay: Relay) {
            self.socket = socket
            self.relay = relay
        }

        func ready(_ readiness: Readiness) { relay.pump() }
    }

    private static let chunk = 65_536

    private let loop: EventLoop
    private let ended: (ObjectIdentifier) -> Void
    private var sides: [Side] = []

    init(
        _ client: consuming FileDescriptor,
        _ server: consuming FileDescriptor,
        on loop: EventLoop,
        ended: @escaping (ObjectIdentifier) -> Void
    ) {
        self.loop = loop
        self.ended = ended
        sides = [Side(client, of: self), Side(server, of: self)]
    }

    func start() throws(SystemError) {
        for side in sides {
            side.interest = [.read, .write]
            try loop.register(side.socket.number, for: side.interest, side)
        }
    }

    func close() {
        guard !sides.isEmpty else { return }
        for side in sides { loop.unregister(side.socket.number) }
        sides = []
        ended(ObjectIdentifier(self))
    }

    fileprivate func pump() {
        guard sides.count == 2 else { return }
        guard move(from: sides[0], to: sides[1]), move(from: sides[1], to: sides[0]),
            !(sides[0].isReadOver && sides[1].isReadOver)
        else { return close() }
        do {
            for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                var interest: Readiness = []
                if side.pending.isEmpty, !side.isReadOver { interest.insert(.read) }
                if !other.pending.isEmpty { interest.insert(.write) }
                guard interest != side.interest else { continue }
                side.interest = interest
                try loop.modify(side.socket.number, for: interest)
            }
        } catch {
            close()
        }
    }

    /// Reads while the other end takes it; `false` when one of the two is broken.
    private func move(from source: Side, to sink: Side) -> Bool {
        while true {
            if source.pending.isEmpty, !source.isReadOver {
                var bytes = [UInt8](repeating: 0, count: Self.chunk)
                let count = unsafe recv(source.socket.number, &bytes, bytes.count, 0)
                guard count >= 0 else { return errno == EAGAIN || errno == ENOTCONN }
                source.isReadOver = count == 0
                source.pending = Array(bytes.prefix(count))
                if count == 0 { _ = shutdown(sink.socket.number, CInt(SHUT_WR)) }
            }
            guard !source.pending.isEmpty else { return true }
            let count = unsafe send(sink.socket.number, source.pending, source.pending.count, CInt(MSG_NOSIGNAL))
            guard count >= 0 else { return errno == EAGAIN || errno == ENOTCONN }
            source.pending.removeFirst(count)
        }
    }
}
