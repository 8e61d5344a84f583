package import Contracts
package import JSONRPC
import Lifecycle
package import Observability
import TLS

/// Has the certificate of an enrolled agent renewed in time, for a new key each time.
///
/// An agent of the cluster gets its certificates from elsewhere; of that one nothing is asked here.
package struct IdentityRenewal: Service {
    private static let interval = Duration.seconds(60)

    private let folder: IdentityFolder
    private let orchestrator: RPCClient
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log

    package init(
        _ folder: IdentityFolder,
        orchestrator: RPCClient,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = { .now },
        log: Log
    ) {
        self.folder = folder
        self.orchestrator = orchestrator
        self.clock = clock
        self.now = now
        self.log = log
    }

    package func run() async throws {
        var hasFailed = false
        while true {
            do {
                if try await renewIfDue() { log.info("has a new certificate") }
                hasFailed = false
            } catch {
                try Task.checkCancellation()
                if !hasFailed { log.warning("cannot renew the certificate", ["error": "\(error)"]) }
                hasFailed = true
            }
            try await clock.sleep(for: Self.interval)
        }
    }

    /// Renews the certificate when half of its life is over; returns whether it did.
    ///
    /// The process takes over the files by itself.
    package func renewIfDue() async throws -> Bool {
        guard let certificate = try folder.certificate(), try certificate.spiffeID().enrolment != nil else {
            return false
        }
        let middle = certificate.notBefore + (certificate.notAfter - certificate.notBefore) / 2
        guard now().microseconds / 1_000_000 >= middle else { return false }
        let key = try folder.makeKey()
        let request = String(decoding: try CertificateRequest.pem(for: key), as: UTF8.self)
        let renewed = try await orchestrator.call(.renewCertificate, CertificateRenewal(certificateRequest: request))
        try folder.exchange(certificate: renewed.certificate, authorities: renewed.authorities)
        return true
    }
}
