import Contracts
import JSONRPC
import Observability
import Synchronization
import TLS

/// Issues the certificates of enrolled agents, by the files of its authority as they are at the moment.
final class EnrolmentAuthority: Sendable {
    /// What agents get, and how they are to reach the services.
    struct Issuer: Sendable {
        static let lifetime = Duration.seconds(7 * 86_400)

        fileprivate let authority: CertificateAuthority
        let trustDomain: String
        /// Of the services, in PEM.
        let authorities: String
        let settings: EnrolmentSettings
    }

    private let settings: EnrolmentSettings?
    private let identityDirectory: String
    private let log: Log
    private let known = Mutex<(stamp: [FileStamp], issuer: Issuer)?>(nil)

    /// Whom its agents are to trust is read from the identity of this service.
    init(_ settings: EnrolmentSettings?, identityDirectory: String, log: Log) {
        self.settings = settings
        self.identityDirectory = identityDirectory
        self.log = log
    }

    /// Throws `unavailable` where no agents are enrolled, or the files cannot be used.
    func issuer() throws(RPCError) -> Issuer {
        guard let settings else {
            throw RPCError(.unavailable, "no agents are enrolled here: ORCHESTRATOR_ENROLMENT_DIR is not set")
        }
        // Taken first: a change while the files are read is seen at the next call.
        let stamp = stamp(settings)
        if let known = known.withLock({ $0 }), known.stamp == stamp { return known.issuer }
        do {
            let issuer = try read(settings)
            known.withLock { $0 = (stamp, issuer) }
            return issuer
        } catch {
            log.error("agents cannot be enrolled", ["error": "\(error)"])
            throw RPCError(.unavailable, "agents cannot be enrolled now; the orchestrator's log says why")
        }
    }

    private func read(_ settings: EnrolmentSettings) throws(TLSError) -> Issuer {
        let certificateFile = "\(settings.directory)/agents.crt"
        guard let certificate = try IdentityMaterial.certificates(in: certificateFile).first else {
            throw TLSError(.identity, "\(certificateFile): holds no certificate")
        }
        let key = try IdentityMaterial.key(in: "\(settings.directory)/agents.key")
        let own = try IdentityMaterial(directory: identityDirectory)
        var authorities: [UInt8] = []
        for authority in own.authorities { authorities += try authority.pem() }
        return Issuer(
            authority: try CertificateAuthority(certificate: certificate, key: key),
            trustDomain: try own.id().trustDomain,
            authorities: String(decoding: authorities, as: UTF8.self),
            settings: settings
        )
    }

    private func stamp(_ settings: EnrolmentSettings) -> [FileStamp] {
        ["agents.crt", "agents.key"].map { FileStamp("\(settings.directory)/\($0)") }
            + ["tls.crt", "tls.key", "ca.crt"].map { FileStamp("\(identityDirectory)/\($0)") }
    }
}

extension EnrolmentAuthority.Issuer {
    /// A certificate in PEM, and its end.
    func certificate(
        of enrolment: EnrolmentID,
        for request: CertificateRequest,
        at now: Timestamp
    ) throws(TLSError) -> (pem: String, end: Timestamp) {
        let certificate = try authority.issue(
            SPIFFEID(trustDomain: trustDomain, enrolment: enrolment.rawValue),
            for: request,
            lifetime: Self.lifetime,
            startingAt: now.microseconds / 1_000_000
        )
        let pem = String(decoding: try certificate.pem(), as: UTF8.self)
        return (pem, Timestamp(microseconds: certificate.notAfter * 1_000_000))
    }
}
