import Contracts
import Egress
import EventLoop

/// One TCP handshake; its latency is the handshake's round trip.
struct TCPProbe: Probe {
    let destination: Destination
    let port: UInt16
    let gate: AddressGate

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(EgressError) in
            look.metadata.integer("port", Int(port))
            let address = SocketAddress(look.address, port: port)
            let time = try await TCPConnect.time(to: address, timeout: look.timeout, on: gate.resolver.loop)
            look.metadata.text("time_source", time.isFromKernel ? "kernel" : "user")
            return ProbeOutcome(
                startedAt: look.startedAt,
                latencyMicroseconds: Double(time.microseconds),
                metadata: look.metadata
            )
        }
    }
}
