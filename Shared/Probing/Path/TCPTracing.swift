import CLinux
import EventLoop
import Glibc

/// One flow of requests for TCP connections, one after another: the kernel knows no two of the same ports, and a router's
/// notice reaches the socket whose request it quotes while that waits for an answer.
final class TCPTracing: TracingSocket, ReadinessHandler {
    private static let attempts = 8

    private let setup: TracingSetup
    private unowned let trace: KernelTrace
    private var socket: TimedSocket?
    private var number: UInt16 = 0
    private var departure = Departure()
    /// Where the flow's own port is taken, which of the others it has.
    private var attempt = 0

    init(_ setup: TracingSetup, _ trace: KernelTrace) {
        self.setup = setup
        self.trace = trace
    }

    var hasOtherPorts: Bool { attempt > 0 }

    func close() {
        socket?.close()
        socket = nil
    }

    func send(_ id: TracePacketID) throws(SystemError) {
        // The one before has had its time; closing it sends nothing.
        close()
        number = id.number
        var failure: SystemError?
        for next in attempt..<Self.attempts {
            do throws(SystemError) {
                try open(id, attempt: next)
                attempt = next
                return
            } catch {
                failure = error
                guard error.code == EADDRINUSE || error.code == EADDRNOTAVAIL else { throw error }
            }
        }
        if let failure { throw failure }
    }

    private func open(_ id: TracePacketID, attempt: Int) throws(SystemError) {
        let socket = try TimedSocket(.tcp, isV4: setup.target.isV4, on: setup.engine.loop)
        let flow = TraceFlow(setup.flow, to: setup.target, seed: setup.options.seed, attempt: attempt)
        try socket.bind(setup.source(flow.port), isShared: true)
        try socket.setDSCP(setup.options.dscp)
        socket.setHopLimit(id.hop)
        departure = Departure(monotonic: clinux_monotonic_nanoseconds(), realtime: clinux_realtime_nanoseconds())
        try socket.connect(setup.destination)
        try socket.register(self, for: .write)
        self.socket = socket
    }

    /// Whether a connection has come about or failed is only known when the loop says so.
    func receive() {}

    func ready(_ readiness: Readiness) {
        guard let socket else { return }
        let read = clinux_monotonic_nanoseconds()
        var notice: clinux_timed_event?
        socket.drain(fromErrorQueue: true, setup.buffer) { event, _ in
            if UInt32(event.kind) == CLINUX_TIMED_NOTICE.rawValue { notice = event }
        }
        if let notice {
            close()
            let time = RoundTrip(departure, arrived: notice.nanoseconds, read: read)
            trace.answered(setup.flow, number, notice, time)
        } else if let roundTrip = answer(of: socket, read) {
            close()
            trace.answered(setup.flow, number, setup.targetEvent, roundTrip)
        } else {
            close()
        }
        trace.advance()
    }

    /// The round trip of a connection that was accepted or refused; `nil` when something else became of it.
    private func answer(of socket: TimedSocket, _ read: UInt64) -> RoundTrip? {
        var failure: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0,
            failure == 0 || failure == ECONNREFUSED || failure == ECONNRESET
        else { return nil }
        let microseconds = failure == 0 ? UInt64(clinux_tcp_handshake_microseconds(socket.fd)) : 0
        guard microseconds == 0 else { return RoundTrip(nanoseconds: microseconds * 1_000, source: .kernel) }
        return RoundTrip(departure, arrived: 0, read: read)
    }
}

extension TracingSetup {
    /// An answer of the target itself.
    fileprivate var targetEvent: clinux_timed_event {
        let (high, low, scope) = target.words
        var event = clinux_timed_event()
        (event.high, event.low, event.scope) = (high, low, scope)
        event.kind = UInt8(CLINUX_TIMED_DATA.rawValue)
        return event
    }
}
