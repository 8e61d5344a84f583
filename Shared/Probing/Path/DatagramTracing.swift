import CLinux
import Contracts
import EventLoop
import Glibc

/// One flow of UDP datagrams or ICMP echoes.
final class DatagramTracing: TracingSocket, ReadinessHandler {
    private struct Sent {
        var number: UInt16
        var departure: Departure
    }

    /// Departures that are kept: older packets are long over.
    private static let maximumSent = 512
    /// Other ports that are tried where the flow's own is taken.
    private static let attempts = 8

    private let setup: TracingSetup
    private unowned let trace: KernelTrace
    private let socket: TimedSocket
    private let packet: TracePacket
    private let claim: TraceClaim
    private var hopLimit = 0
    /// A ring by key.
    private var sent: [Sent]
    private var arrivals: [(number: UInt16?, event: clinux_timed_event)] = []

    init(_ setup: TracingSetup, _ trace: KernelTrace) throws(SystemError) {
        self.setup = setup
        self.trace = trace
        let isEcho = setup.options.mode == .icmp
        socket = try TimedSocket(isEcho ? .ping : .udp, isV4: setup.target.isV4, on: setup.engine.loop)
        let flow = try Self.bind(socket, setup)
        claim = setup.claim(flow)
        packet = TracePacket(
            mode: setup.options.mode,
            cookie: setup.cookie,
            sum: flow.sum,
            identifier: flow.port,
            isV4: setup.target.isV4
        )
        let room = min(Self.maximumSent, setup.options.maximumHops * 4)
        sent = Array(repeating: Sent(number: 0, departure: Departure()), count: room)
        try socket.setDSCP(setup.options.dscp)
        try socket.connect(setup.destination)
        try socket.register(self)
    }

    var hasOtherPorts: Bool { setup.options.mode == .udp && claim.port != setup.ownPort }

    func close() { socket.close() }

    deinit {
        setup.engine.release(claim)
    }

    func send(_ id: TracePacketID) throws(SystemError) {
        if hopLimit != id.hop {
            hopLimit = id.hop
            socket.setHopLimit(id.hop)
        }
        let bytes = packet.bytes(number: id.number, payloadBytes: setup.options.payloadBytes)
        let departure = Departure(
            monotonic: clinux_monotonic_nanoseconds(),
            realtime: clinux_realtime_nanoseconds()
        )
        let (key, _) = try socket.send(bytes[...], size: bytes.count)
        sent[Int(key % UInt64(sent.count))] = Sent(number: id.number, departure: departure)
    }

    func ready(_ readiness: Readiness) {
        receive()
        trace.advance()
    }

    func receive() {
        let monotonic = clinux_monotonic_nanoseconds()
        var more = false
        var batches = 0
        // Who floods is read on in the next turn, after everybody else.
        repeat {
            batches += 1
            arrivals.removeAll(keepingCapacity: true)
            more = socket.receive(fromErrorQueue: false, setup.buffer) { keep($0, $1) }
            // When a packet left is in the error queue before its answer is anywhere.
            socket.drain(fromErrorQueue: true, setup.buffer) { note($0, $1) }
            for (number, event) in arrivals { report(number, event, monotonic) }
        } while more && batches < TimedSocket.batchesPerTurn
    }

    private func keep(_ event: clinux_timed_event, _ data: ArraySlice<UInt8>) {
        if setup.options.mode == .icmp {
            // The kernel lets through what has our identifier, requests to ourselves as well.
            guard data.first == (setup.target.isV4 ? 0 : 129), let number = packet.number(inReply: data) else {
                return
            }
            arrivals.append((number, event))
        } else {
            // A service may say whatever it likes.
            arrivals.append((packet.number(in: data), event))
        }
    }

    private func note(_ event: clinux_timed_event, _ data: ArraySlice<UInt8>) {
        switch UInt32(event.kind) {
        case CLINUX_TIMED_SENT.rawValue:
            sent[Int(socket.key(of: event) % UInt64(sent.count))].departure.kernel = event.nanoseconds
        case CLINUX_TIMED_NOTICE.rawValue:
            let number = packet.number(in: data)
            // What quotes enough to be known and is not known is not ours.
            guard number != nil || setup.options.mode == .udp && data.count < TracePacket.minimumBytes else { return }
            arrivals.append((number, event))
        default: break
        }
    }

    private func report(_ number: UInt16?, _ event: clinux_timed_event, _ monotonic: UInt64) {
        guard let number = number ?? trace.unnumbered(of: setup.flow),
            let departure = sent.first(where: { $0.number == number })?.departure
        else { return }
        trace.answered(
            setup.flow,
            number,
            event,
            RoundTrip(departure, arrived: event.nanoseconds, read: monotonic)
        )
    }

    /// Takes the flow's own port, or the next one that is free.
    ///
    /// Datagrams find their socket by both their ends, so that a port may serve many targets; echoes do not.
    private static func bind(_ socket: TimedSocket, _ setup: TracingSetup) throws(SystemError) -> TraceFlow {
        var failure = SystemError(code: EADDRINUSE, message: "bind")
        for attempt in 0..<attempts {
            let flow = TraceFlow(
                setup.flow,
                to: setup.target,
                seed: setup.options.seed,
                attempt: attempt,
                isEcho: setup.options.mode == .icmp
            )
            let claim = setup.claim(flow)
            guard setup.engine.claim(claim) else { continue }
            do throws(SystemError) {
                try socket.bind(setup.source(flow.port), isShared: setup.options.mode == .udp)
                return flow
            } catch {
                setup.engine.release(claim)
                guard error.code == EADDRINUSE else { throw error }
                failure = error
            }
        }
        throw failure
    }
}

extension TracingSetup {
    fileprivate var ownPort: UInt16 { TraceFlow(flow, to: target, seed: options.seed).port }

    fileprivate func claim(_ flow: TraceFlow) -> TraceClaim {
        TraceClaim(target: target, mode: options.mode, port: flow.port)
    }
}
