import Contracts
import Egress
import EventLoop
import TLS

/// One TLS handshake, and a look at the certificate; its latency is the time from the connection's start to the
/// handshake's end.
struct TLSProbe: Probe {
    let destination: Destination
    let port: UInt16
    let options: CheckOptions
    let gate: AddressGate
    let trust: TrustedAuthorities

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let loop = gate.resolver.loop
        let clock = LoopClock(loop)
        let start = clock.now
        let serverName = options.serverName ?? destination.host
        var metadata = ProbeMetadata()
        do throws(EgressError) {
            let address = SocketAddress(try await destination.address(from: gate, timeout: timeout), port: port)
            metadata.text("address", address.description)
            metadata.text("server_name", serverName)
            let context = try trust.context(protocols: options.alpn ?? [])
            let connection = EgressConnection(address: address, context: context, serverName: serverName)
            let report = try await connection.run(timeout: timeout - start.duration(to: clock.now), on: loop)
            guard let inspection = report.inspection else { throw EgressError(.tls, "the server shows no certificate") }
            return outcome(of: inspection, report.times, startedAt: startedAt, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func outcome(
        of inspection: PeerInspection,
        _ times: EgressTimes,
        startedAt: Timestamp,
        _ metadata: ProbeMetadata
    ) -> ProbeOutcome {
        var metadata = metadata
        metadata.milliseconds("connect_ms", microseconds: times.connect)
        metadata.milliseconds("tls_ms", microseconds: times.tls)
        metadata.certificate(inspection, at: startedAt)
        let failure = failure(of: inspection, at: startedAt)
        if let failure { metadata.text("error", failure.message) }
        return ProbeOutcome(
            startedAt: startedAt,
            reason: failure?.reason ?? .none,
            latencyMicroseconds: Double(times.connect + times.tls),
            metadata: metadata
        )
    }

    private func failure(
        of inspection: PeerInspection,
        at now: Timestamp
    ) -> (reason: FailureReason, message: String)? {
        if let distrust = inspection.distrust { return (.certificate, distrust) }
        let end = inspection.certificate.notAfter
        if let message = ending(end, within: options.certificateDays ?? 0, at: now) { return (.certificate, message) }
        if let wanted = options.alpn, !wanted.contains(inspection.applicationProtocol ?? "") {
            return (.tls, "the server chose none of the protocols that were offered")
        }
        return nil
    }
}
