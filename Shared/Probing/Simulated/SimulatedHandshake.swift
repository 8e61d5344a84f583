import Contracts
import Egress
import EventLoop
import Simulation

/// One TLS handshake, and a look at the certificate.
struct SimulatedHandshake: SimulatedProbe {
    let point: SimulatedPoint
    let check: TLSCheck
    let address: SocketAddress

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        // As the real one has it, with the port in the address.
        var look = SimulatedLook(startedAt: look.startedAt, timeout: look.timeout, metadata: ProbeMetadata())
        check.describe(in: &look.metadata, address)
        do throws(EgressError) {
            let connection = EgressConnection(
                address: address,
                context: try point.context(protocols: check.protocols),
                serverName: check.serverName,
                time: point.second
            )
            let phases = try connection.phases { [network = point.network] in network.now }
            SimulatedDialogue.run(phases, with: address, from: point.vantage, timeout: look.timeout) { [look] result in
                do throws(EgressError) {
                    done(try check.outcome(of: try result.get(), startedAt: look.startedAt, look.metadata))
                } catch {
                    done(look.outcome(error))
                }
            }
        } catch {
            done(look.outcome(error))
        }
    }
}
