import Contracts
public import EventLoop
public import Simulation

extension PathTracer {
    /// Traces the way to a target in a simulated network's own time, and calls `done` when that is over.
    ///
    /// The same packets as on real sockets, but for TCP, of which many may be under way here.
    public static func run(
        to target: IPAddress,
        _ options: TraceOptions,
        from vantage: SimulatedVantage,
        in network: SimulatedNetwork,
        _ done: @escaping (PathTrace) -> Void
    ) {
        SimulatedTrace(target, options, vantage, network, done).advance()
    }
}

/// One trace in a simulated network, which keeps it until it is over.
private final class SimulatedTrace {
    private let target: IPAddress
    private let vantage: SimulatedVantage
    private let network: SimulatedNetwork
    private let done: (PathTrace) -> Void
    private let packets: [TracePacket]
    private var tracer: PathTracer
    private var isOver = false
    /// The time at which it will be looked after.
    private var alarm: UInt64?

    init(
        _ target: IPAddress,
        _ options: TraceOptions,
        _ vantage: SimulatedVantage,
        _ network: SimulatedNetwork,
        _ done: @escaping (PathTrace) -> Void
    ) {
        self.target = target
        self.vantage = vantage
        self.network = network
        self.done = done
        tracer = PathTracer(options)
        packets = (0..<tracer.options.flows).map { index in
            let flow = TraceFlow(index, to: target, seed: options.seed)
            return TracePacket(
                mode: options.mode,
                cookie: 0,
                sum: flow.sum,
                identifier: flow.port,
                isV4: target.isV4
            )
        }
    }

    func advance() {
        while !isOver {
            switch tracer.step(at: network.now) {
            case .send(let packet): send(packet)
            case .wait(let time): return wake(at: time)
            case .finished:
                isOver = true
                done(tracer.trace(of: target))
            }
        }
    }

    private func wake(at time: UInt64) {
        guard alarm.map({ $0 > time || $0 <= network.now }) ?? true else { return }
        alarm = time
        network.schedule(at: time) { [self] in
            guard alarm == time else { return }
            alarm = nil
            advance()
        }
    }

    private func send(_ packet: TracePacketID) {
        let options = tracer.options
        vantage.send(
            packets[packet.flow].simulated(packet.number, options),
            to: target,
            hopLimit: UInt8(packet.hop),
            timeout: options.hopTimeout
        ) { [self] outcome in
            guard !isOver, let answer = TraceAnswer(outcome, to: target) else { return }
            tracer.take(answer, to: packet.number)
            advance()
        }
    }
}

extension TracePacket {
    fileprivate func simulated(_ number: UInt16, _ options: TraceOptions) -> SimulatedVantage.TracedPacket {
        let data = bytes(number: number, payloadBytes: options.payloadBytes)
        let port = options.port ?? options.mode.defaultPort
        return switch mode {
        case .icmp: .echo(identifier: identifier, number: number, payload: Array(data.dropFirst(8)))
        case .udp: .datagram(from: identifier, to: port, number: number, at: 8, payload: data)
        case .tcp: .connect(from: identifier, to: port, number: number)
        }
    }
}

extension TraceAnswer {
    /// `nil` when nothing came that says something of the way.
    fileprivate init?(_ outcome: SimulatedVantage.Outcome, to target: IPAddress) {
        guard let sender = outcome.sender else { return nil }
        let (type, code) = (outcome.notice?.type ?? 0, outcome.notice?.code ?? 0)
        var meaning: Meaning? = .target
        if outcome.notice != nil {
            meaning = Self.meaning(ofType: type, code: code, from: sender, to: target)
        }
        guard let meaning else { return nil }
        self.init(
            meaning: meaning,
            sender: sender,
            type: type,
            code: code,
            roundTripNanoseconds: outcome.elapsed,
            timeSource: .simulation
        )
    }
}
