import CLinux
import Contracts
import EventLoop
import Glibc

/// One trace under way: does what its tracer says, with the kernel's sockets.
final class KernelTrace: TimerHandler {
    typealias Result = Swift.Result<PathTrace, ProbingError>

    private let target: IPAddress
    private let options: TraceOptions
    private unowned let engine: PathEngine
    private let completion: Completion<Result>
    private var tracer: PathTracer
    private var flows: [any TracingSocket] = []
    private var timer: TimerToken?
    private var failure: SystemError?
    private var isOver = false

    init(
        to target: IPAddress,
        _ options: TraceOptions,
        _ engine: PathEngine,
        _ completion: Completion<Result>
    ) throws(ProbingError) {
        self.target = target
        self.options = options.clamped
        self.engine = engine
        self.completion = completion
        tracer = PathTracer(options, isSequential: options.mode == .tcp)
        let cookie = UInt64.random(in: .min ... .max)
        for flow in 0..<self.options.flows {
            let setup = TracingSetup(
                target: target,
                options: self.options,
                flow: flow,
                cookie: cookie,
                engine: engine
            )
            do throws(SystemError) {
                flows.append(options.mode == .tcp ? TCPTracing(setup, self) : try DatagramTracing(setup, self))
            } catch {
                for flow in flows { flow.close() }
                throw ProbingError(error, "a trace by \(options.mode.rawValue)")
            }
        }
    }

    /// Does all that is to be done now.
    func advance() {
        while !isOver {
            switch tracer.step(at: clinux_monotonic_nanoseconds()) {
            case .send(let packet): send(packet)
            case .wait(let time): return wait(until: time)
            case .finished: end()
            }
        }
    }

    func cancel() {
        guard !isOver else { return }
        end()
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        // What has come while the loop was busy is no longer late.
        for flow in flows where !isOver { flow.receive() }
        advance()
    }

    /// The packet of a flow that an answer without a number is for; `nil` when nobody can tell.
    func unnumbered(of flow: Int) -> UInt16? { tracer.unnumbered(of: flow) }

    /// Something came for packet `number` of a flow.
    func answered(_ flow: Int, _ number: UInt16, _ event: clinux_timed_event, _ roundTrip: RoundTrip) {
        let sender = event.sender(isV4: target.isV4)
        let isNotice = UInt32(event.kind) == CLINUX_TIMED_NOTICE.rawValue
        let meaning =
            isNotice
            ? TraceAnswer.meaning(ofType: event.type, code: event.code, from: sender, to: target)
            : sender.words.low == target.words.low && sender.words.high == target.words.high ? .target : nil
        guard let meaning else { return }
        tracer.take(
            TraceAnswer(
                meaning: meaning,
                sender: sender,
                type: isNotice ? event.type : 0,
                code: isNotice ? event.code : 0,
                roundTripNanoseconds: roundTrip.nanoseconds,
                timeSource: roundTrip.source
            ),
            to: number
        )
    }

    private func send(_ packet: TracePacketID) {
        do throws(SystemError) {
            try flows[packet.flow].send(packet)
        } catch {
            tracer.giveUp(packet.number)
            // A full queue is one packet's bad luck; anything else befalls the next one, too.
            guard error.code != EAGAIN, error.code != ENOBUFS else { return }
            failure = error
            end()
        }
    }

    private func wait(until time: UInt64) {
        if let timer { engine.loop.disarm(timer) }
        let now = engine.loop.now
        timer = engine.loop.arm(self, afterNanoseconds: time > now ? time - now : 0)
    }

    private func end() {
        isOver = true
        if let timer { engine.loop.disarm(timer) }
        var trace = tracer.trace(of: target)
        for (index, flow) in flows.enumerated() {
            trace.flows[index].hasOtherPorts = flow.hasOtherPorts
            flow.close()
        }
        flows = []
        engine.finished(self)
        if let failure, trace.hops.isEmpty {
            completion.finish(.failure(ProbingError(failure, "a trace by \(options.mode.rawValue)")))
        } else {
            completion.finish(.success(trace))
        }
    }
}

/// What the socket of a flow is made for.
struct TracingSetup {
    var target: IPAddress
    var options: TraceOptions
    var flow: Int
    var cookie: UInt64
    var engine: PathEngine

    var buffer: TimedSocket.Buffer { engine.buffer }

    var destination: SocketAddress {
        SocketAddress(target, port: options.mode == .icmp ? 0 : options.port ?? options.mode.defaultPort)
    }

    /// Where a socket of the flow is bound to.
    func source(_ port: UInt16) -> SocketAddress {
        SocketAddress(target.isV4 ? .any : IPAddress(v6: 0, 0), port: port)
    }
}

/// Sends the packets of one flow, and tells its trace what comes back.
protocol TracingSocket: AnyObject {
    /// Whether it had to do with others than the flow's own, and routers may see another flow.
    var hasOtherPorts: Bool { get }
    func send(_ packet: TracePacketID) throws(SystemError)
    /// Hands over what has come.
    func receive()
    func close()
}
