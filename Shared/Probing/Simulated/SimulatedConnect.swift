import Contracts
import EventLoop
import Simulation

/// One TCP handshake.
struct SimulatedConnect: SimulatedProbe {
    let point: SimulatedPoint
    let address: IPAddress
    let port: UInt16

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        var look = look
        look.metadata.integer("port", Int(port))
        look.metadata.text("time_source", TimeSource.simulation.rawValue)
        point.vantage.connect(to: address, port: port, timeout: look.timeout) { [look] in done(look.outcome($0)) }
    }
}
