import Contracts
import Egress
import EventLoop

/// One TLS handshake, and a look at the certificate; its latency is the time from the connection's start to the
/// handshake's end.
struct TLSProbe: Probe {
    let check: TLSCheck
    let destination: Destination
    let port: UInt16
    let gate: AddressGate
    let trust: TrustedAuthorities

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let loop = gate.resolver.loop
        let clock = LoopClock(loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        do throws(EgressError) {
            let address = SocketAddress(try await destination.address(from: gate, timeout: timeout), port: port)
            check.describe(in: &metadata, address)
            let connection = EgressConnection(
                address: address,
                context: try trust.context(protocols: check.protocols),
                serverName: check.serverName
            )
            let report = try await connection.run(timeout: timeout - start.duration(to: clock.now), on: loop)
            return try check.outcome(of: report, startedAt: startedAt, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }
}
