import CLinux
public import EventLoop
import Glibc

/// Sends ICMP echo requests from one loop and times their replies.
///
/// One socket an address family serves all echoes, and another one those that must not be fragmented: a ping socket,
/// or a raw one where those are not allowed. To be used on the loop's thread only, and closed there.
public final class ICMPEngine {
    public enum SocketKind: Sendable {
        /// `SOCK_DGRAM`: needs no capability, but a group in the sysctl `net.ipv4.ping_group_range`.
        case ping
        /// `SOCK_RAW`: needs `CAP_NET_RAW`.
        case raw
    }

    public let loop: EventLoop
    private let kinds: [SocketKind]
    private let maximumInFlight: Int
    /// By their usage.
    private var sockets: [EchoSocket?] = Array(repeating: nil, count: 4)

    /// What a socket is for.
    private struct Usage {
        var isV6: Bool
        var isWhole: Bool

        var index: Int { (isV6 ? 2 : 0) + (isWhole ? 1 : 0) }
    }

    /// Opens nothing yet; `kinds` will be tried in their order.
    ///
    /// `maximumInFlight` bounds the echoes under way in each family; it is rounded up
    /// to a power of two, 32,768 at the most.
    public init(on loop: EventLoop, kinds: [SocketKind] = [.ping, .raw], maximumInFlight: Int = 8_192) {
        self.loop = loop
        self.kinds = kinds
        self.maximumInFlight = maximumInFlight
    }

    public func close() {
        for socket in sockets { socket?.close() }
        sockets = Array(repeating: nil, count: sockets.count)
    }

    public var statistics: EchoStatistics {
        sockets.compactMap { $0?.statistics }.reduce(EchoStatistics(), +)
    }

    public var inFlight: Int {
        sockets.reduce(0) { $0 + ($1?.inFlight ?? 0) }
    }

    /// Opens the socket of a family, which the first echo does otherwise, and says which kind it is.
    ///
    /// Throws `ProbingError` with `permission` and what would grant it when neither kind is allowed.
    @discardableResult
    public func open(_ family: SocketAddress.Family) throws(ProbingError) -> SocketKind {
        try socket(Usage(isV6: family == .v6, isWhole: false)).isRaw ? .raw : .ping
    }

    /// Sends one echo request and waits for what comes of it.
    ///
    /// Ends early, with `cancelled`, when the task is.
    public func echo(to address: IPAddress, _ packet: EchoPacket = EchoPacket(), timeout: Duration) async -> EchoResult
    {
        let nanoseconds = UInt64(max(0, timeout.inNanoseconds))
        return await Completion.value(on: loop) { completion in
            let ticket = send(
                to: address,
                packet,
                timeoutNanoseconds: nanoseconds,
                tag: 0,
                EchoWaiter(completion)
            )
            completion.onCancel = ticket?.cancel
        }
    }

    /// Sends one echo request at the end of this turn; `handler` is called once, with `tag`, when it is over, which
    /// may be before this returns.
    @discardableResult
    public func send(
        to address: IPAddress,
        _ packet: EchoPacket = EchoPacket(),
        timeoutNanoseconds: UInt64,
        tag: Int,
        _ handler: any EchoHandler
    ) -> EchoTicket? {
        let socket: EchoSocket
        do {
            socket = try self.socket(Usage(isV6: !address.isV4, isWhole: packet.isWhole))
        } catch {
            handler.echoFinished(tag: tag, .failure(EchoFailure(error)))
            return nil
        }
        let sequence = socket.send(
            to: address,
            packet: packet,
            timeoutNanoseconds: timeoutNanoseconds,
            tag: tag,
            handler
        )
        guard let sequence else {
            handler.echoFinished(tag: tag, .failure(.busy))
            return nil
        }
        return EchoTicket(socket: socket, sequence: sequence)
    }

    private func socket(_ usage: Usage) throws(ProbingError) -> EchoSocket {
        if let socket = sockets[usage.index], !socket.isClosed { return socket }
        let socket = try EchoSocket.first(
            of: kinds,
            isV6: usage.isV6,
            isWhole: usage.isWhole,
            capacity: maximumInFlight,
            on: loop
        )
        do {
            try socket.start()
        } catch {
            throw ProbingError(.system, "the event loop takes no ICMP socket", cause: error)
        }
        sockets[usage.index] = socket
        return socket
    }
}

/// One echo in flight.
public struct EchoTicket {
    let socket: EchoSocket
    let sequence: UInt16

    /// Ends the echo with `cancelled`, unless it is over already.
    public func cancel() {
        socket.cancel(sequence)
    }
}

/// Hands one echo's result to the task that waits for it.
private final class EchoWaiter: EchoHandler {
    private let completion: Completion<EchoResult>

    init(_ completion: Completion<EchoResult>) {
        self.completion = completion
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        completion.finish(result)
    }
}
