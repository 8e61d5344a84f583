import Egress
import EventLoop
import Simulation

/// Carries what is said on one connection through a simulated network, which keeps it until it is over.
final class SimulatedDialogue {
    typealias Result = Swift.Result<EgressConnection.Report, EgressError>

    private var phases: ConnectionPhases
    private let done: (Result) -> Void
    private var connection: SimulatedConnection?

    private init(_ phases: ConnectionPhases, _ done: @escaping (Result) -> Void) {
        self.phases = phases
        self.done = done
    }

    /// Connects, and calls `done` once.
    static func run(
        _ phases: ConnectionPhases,
        with address: SocketAddress,
        from vantage: SimulatedVantage,
        timeout: Duration,
        _ done: @escaping (Result) -> Void
    ) {
        let dialogue = SimulatedDialogue(phases, done)
        dialogue.connection = vantage.open(to: address.address, port: address.port, timeout: timeout) {
            dialogue.hear($0)
        }
    }

    private func hear(_ event: SimulatedConnection.Event) {
        do throws(EgressError) {
            switch event {
            case .connected: try phases.connected()
            case .received(let bytes): try phases.receive(bytes.span)
            case .ended: try phases.ended()
            case .failed(let failure): throw error(failure)
            }
            if phases.isOver { phases.sayGoodbye() } else { try phases.speak() }
            let words = phases.output
            phases.output = []
            connection?.send(words)
            if phases.isOver { finish(.success(phases.report)) }
        } catch {
            finish(.failure(phases.failure(error)))
        }
    }

    private func error(_ failure: SimulatedConnection.Failure) -> EgressError {
        switch failure {
        case .refused: EgressError(.refused, "the connection attempt failed")
        case .unreachable: EgressError(.unreachable, "the connection attempt failed")
        case .reset: EgressError(.reset, "the connection broke")
        case .timeout: phases.timeout
        }
    }

    private func finish(_ result: Result) {
        connection?.close()
        connection = nil
        done(result)
    }
}
