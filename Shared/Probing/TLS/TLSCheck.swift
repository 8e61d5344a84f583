import Contracts
import Egress
import EventLoop
import TLS

/// What a `tls` check asks a server for, and what it makes of what that shows.
struct TLSCheck {
    /// The name that the certificate must have.
    let serverName: String
    private let options: CheckOptions

    init(_ options: CheckOptions, of destination: Destination) {
        self.options = options
        serverName = options.serverName ?? destination.host
    }

    /// What is offered.
    var protocols: [String] { options.alpn ?? [] }

    /// What a row has whatever becomes of it.
    func describe(in metadata: inout ProbeMetadata, _ address: SocketAddress) {
        metadata.text("address", address.description)
        metadata.text("server_name", serverName)
    }

    /// Throws `EgressError` with `tls` for a server without a certificate.
    func outcome(
        of report: EgressConnection.Report,
        startedAt: Timestamp,
        _ metadata: ProbeMetadata
    ) throws(EgressError) -> ProbeOutcome {
        guard let inspection = report.inspection else { throw EgressError(.tls, "the server shows no certificate") }
        let times = report.times
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
