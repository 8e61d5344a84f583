import Contracts
import TLS

/// What is wrong with a certificate that ends at `notAfter`, in seconds since 1970, when it must last so many days;
/// `nil` when it does.
func ending(_ notAfter: Int64, within days: Int, at now: Timestamp) -> String? {
    let left = daysLeft(until: notAfter, at: now)
    guard left < Double(days) else { return nil }
    return left < 0 ? "the certificate has ended" : "the certificate ends in \(Int(left)) days"
}

private func daysLeft(until notAfter: Int64, at now: Timestamp) -> Double {
    (Double(notAfter) - Double(now.microseconds) / 1_000_000) / 86_400
}

extension ProbeMetadata {
    /// What a server showed of itself.
    mutating func certificate(_ inspection: PeerInspection, at now: Timestamp) {
        let certificate = inspection.certificate
        text("tls_version", inspection.version)
        text("tls_cipher", inspection.cipher)
        if let name = inspection.applicationProtocol { text("alpn", name) }
        text("certificate_subject", certificate.subject)
        text("certificate_issuer", certificate.issuer)
        texts("certificate_names", certificate.names)
        let end = certificate.notAfter.multipliedReportingOverflow(by: 1_000_000)
        if !end.overflow { text("certificate_ends", Timestamp(microseconds: end.partialValue).description) }
        decimal("certificate_days", daysLeft(until: certificate.notAfter, at: now))
        integer("chain_length", inspection.chainLength)
        if let distrust = inspection.distrust { text("distrust", distrust) }
    }
}
