public import EventLoop
import Glibc

/// How long a TCP handshake took.
public struct TCPConnectTime: Equatable, Sendable {
    public var microseconds: Int
    /// The kernel's own reading, from the first packet to its answer; when that had to be repeated, the time that
    /// this process saw pass.
    public var isFromKernel: Bool
}

/// Connects to one checked address, takes the time, and closes.
public enum TCPConnect {
    /// To be called on `loop`, with an address that a gate let through.
    ///
    /// Throws `EgressError` with `refused`, `unreachable`, `reset`, `timeout`, `permission`, `cancelled` or `local`.
    public static func time(
        to address: SocketAddress,
        timeout: Duration,
        on loop: EventLoop
    ) async throws(EgressError) -> TCPConnectTime {
        let result: Result<TCPConnectTime, EgressError> = await Completion.value(on: loop) { completion in
            do throws(SystemError) {
                let attempt = TCPAttempt(try TCPSocket.connect(to: address), on: loop, completion)
                try attempt.start(timeout)
            } catch {
                completion.finish(.failure(EgressError(connecting: error)))
            }
        }
        return try result.get()
    }
}

/// One connect under way; the loop holds it until it is over.
private final class TCPAttempt: ReadinessHandler, TimerHandler {
    private let socket: FileDescriptor
    private let loop: EventLoop
    private let completion: Completion<Result<TCPConnectTime, EgressError>>
    private let start: LoopClock.Instant
    private var deadline: TimerToken?

    init(
        _ socket: consuming FileDescriptor,
        on loop: EventLoop,
        _ completion: Completion<Result<TCPConnectTime, EgressError>>
    ) {
        self.socket = socket
        self.loop = loop
        self.completion = completion
        start = LoopClock(loop).now
    }

    func start(_ timeout: Duration) throws(SystemError) {
        try loop.register(socket.number, for: .write, self)
        deadline = loop.arm(self, afterNanoseconds: UInt64(max(0, timeout.inNanoseconds)))
        completion.onCancel = { [self] in
            finish(.failure(EgressError(.cancelled, "the connection attempt was cancelled")))
        }
    }

    func ready(_ readiness: Readiness) {
        do {
            try TCPSocket.checkConnected(socket)
            finish(.success(time()))
        } catch {
            finish(.failure(EgressError(connecting: error)))
        }
    }

    func timerFired(_ token: TimerToken) {
        deadline = nil
        finish(.failure(EgressError(.timeout, "no answer to a connection attempt in time")))
    }

    private func time() -> TCPConnectTime {
        var info = tcp_info()
        var size = socklen_t(MemoryLayout<tcp_info>.size)
        let result = unsafe getsockopt(socket.number, CInt(IPPROTO_TCP), TCP_INFO, &info, &size)
        if result == 0, info.tcpi_total_retrans == 0, info.tcpi_rtt > 0 {
            return TCPConnectTime(microseconds: Int(info.tcpi_rtt), isFromKernel: true)
        }
        let elapsed = start.duration(to: LoopClock(loop).now)
        return TCPConnectTime(microseconds: Int(elapsed.inNanoseconds / 1_000), isFromKernel: false)
    }

    private func finish(_ result: Result<TCPConnectTime, EgressError>) {
        if let deadline { loop.disarm(deadline) }
        deadline = nil
        loop.unregister(socket.number)
        completion.finish(result)
    }
}

extension EgressError {
    init(connecting error: SystemError) {
        self.init(Self.connectCode(error.code), "the connection attempt failed", cause: error)
    }
}
