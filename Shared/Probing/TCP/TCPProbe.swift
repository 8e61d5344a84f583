import Contracts
import Egress
import EventLoop

/// One TCP handshake; its latency is the handshake's round trip.
struct TCPProbe: Probe {
    let destination: Destination
    let port: UInt16
    let gate: AddressGate

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let loop = gate.resolver.loop
        let clock = LoopClock(loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        do throws(EgressError) {
            let address = try await destination.address(from: gate, timeout: timeout)
            metadata.text("address", address.description)
            metadata.integer("port", Int(port))
            let left = timeout - start.duration(to: clock.now)
            let time = try await TCPConnect.time(to: SocketAddress(address, port: port), timeout: left, on: loop)
            metadata.text("time_source", time.isFromKernel ? "kernel" : "user")
            return ProbeOutcome(
                startedAt: startedAt,
                latencyMicroseconds: Double(time.microseconds),
                metadata: metadata
            )
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }
}
