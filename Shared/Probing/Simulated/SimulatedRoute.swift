import Contracts
import Egress
import EventLoop
import Simulation

/// A trace, which remembers the way that the one before it saw.
final class SimulatedRoute: SimulatedProbe {
    private let point: SimulatedPoint
    private let address: IPAddress
    private let options: TraceOptions
    private var memory = RouteMemory()

    init(_ point: SimulatedPoint, of target: TargetAddress, at address: IPAddress, _ options: CheckOptions) {
        self.point = point
        self.address = address
        let port = options.port.map { UInt16(clamping: $0) } ?? target.port
        self.options = TraceOptions(options, port: port)
    }

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        var metadata = look.metadata
        metadata.text("mode", options.mode.rawValue)
        let options = options.within(look.timeout)
        PathTracer.run(to: address, options, from: point.vantage, in: point.network) { [self] trace in
            let changes = memory.learn(trace)
            done(ProbeOutcome(startedAt: look.startedAt, trace, changes, options, metadata))
        }
    }
}
