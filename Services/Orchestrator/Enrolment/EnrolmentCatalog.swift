import Contracts
import Database
import JSONRPC
import TLS
import Tokens

/// Answers `enrolment.*`: lets hosts outside the cluster become agents, each by a token that is good once.
struct EnrolmentCatalog: Sendable {
    /// What tokens begin with, so that people and scanners know one when they see it.
    static let prefix = "enrol_"
    private static let lifetimeSeconds = 3_600...7 * 86_400
    private static let defaultLifetimeSeconds = 86_400
    /// How long one is remembered whose agent came no more.
    private static let memory = Duration.seconds(30 * 86_400)

    let inventory: Inventory
    let authority: EnrolmentAuthority
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.createEnrolment, create)
        router.handle(.listEnrolments, list)
        router.handle(.deleteEnrolment, delete)
        router.handle(.redeemEnrolment, redeem)
        router.handle(.renewCertificate, renew)
        router.handle(.identifyAgent, identify)
    }

    private func create(_ request: EnrolmentRequest) async throws -> NewEnrolment {
        let (person, now) = (try Person.ofCall, now())
        try checkText(request.name, "name", 1...200)
        try checkLabels(request.labels ?? [:])
        let seconds = request.lifetimeSeconds ?? Self.defaultLifetimeSeconds
        try checkNumber(seconds, "lifetime_s", Self.lifetimeSeconds)
        _ = try authority.issuer()
        let token = try HandedOut(prefix: Self.prefix)
        let enrolment = Enrolment(
            id: .make(),
            name: request.name,
            labels: request.labels ?? [:],
            createdBy: person.email,
            createdAt: now,
            expiresAt: now.advanced(by: .seconds(seconds))
        )
        try await inventory.write { [limit = inventory.limits.agents, hash = token.hash] connection in
            try connection.removeEnrolments(expiredBy: now, endedBy: now.advanced(by: .zero - Self.memory))
            let count = try connection.count("SELECT count(*) FROM enrolment")
            guard count < limit else {
                throw RPCError(.conflict, "there are \(count) enrolments already, which is the limit")
            }
            try connection.insert(enrolment, hash: hash)
        }
        return NewEnrolment(enrolment: enrolment, token: token.text)
    }

    private func list(_: Empty) async throws -> EnrolmentList {
        EnrolmentList(enrolments: try await inventory.read { try $0.enrolments() })
    }

    /// A change of the assignments, so that the stream of its agent looks whether it may go on.
    private func delete(_ reference: EnrolmentReference) async throws -> Empty {
        try await inventory.change { connection in
            _ = try connection.execute("DELETE FROM enrolment WHERE id = \(reference.id.rawValue)")
        }
        return Empty()
    }

    private func redeem(_ redemption: EnrolmentRedemption) async throws -> EnrolledAgent {
        let request = try Self.request(redemption.certificateRequest)
        let (issuer, now) = (try authority.issuer(), now())
        guard let hash = HandedOut.hash(of: redemption.token, prefix: Self.prefix) else { throw Self.refusal }
        return try await inventory.write { connection in
            guard let enrolment = try connection.useEnrolment(hash: hash, now: now) else { throw Self.refusal }
            // Within the transaction: a token that brought no certificate is not used up.
            let (certificate, end) = try issuer.certificate(of: enrolment.id, for: request, at: now)
            try connection.noteCertificate(of: enrolment.id, until: end)
            return EnrolledAgent(
                id: enrolment.id,
                name: enrolment.name,
                certificate: certificate,
                authorities: issuer.authorities,
                trustDomain: issuer.trustDomain,
                orchestratorEndpoint: issuer.settings.orchestrator,
                storeEndpoint: issuer.settings.store
            )
        }
    }

    private func renew(_ renewal: CertificateRenewal) async throws -> RenewedCertificate {
        guard let caller = EnrolledCaller.ofCall else {
            throw RPCError(.permissionDenied, "the caller was not enrolled; its certificates come from elsewhere")
        }
        let request = try Self.request(renewal.certificateRequest)
        let (issuer, now) = (try authority.issuer(), now())
        return try await inventory.write { connection in
            let enrolment = try connection.enrolment(of: caller)
            let (certificate, end) = try issuer.certificate(of: enrolment.id, for: request, at: now)
            try connection.noteCertificate(of: enrolment.id, until: end)
            return RenewedCertificate(certificate: certificate, authorities: issuer.authorities)
        }
    }

    private func identify(_ reference: EnrolmentReference) async throws -> EnrolledAgentIdentity {
        let query: SQL = """
            SELECT agent.id FROM enrolment JOIN agent ON agent.name = enrolment.name
            WHERE enrolment.id = \(reference.id.rawValue)
            """
        let id: String? = try await inventory.read { try $0.value(query) }
        return EnrolledAgentIdentity(agentID: id.map(AgentID.init(rawValue:)))
    }

    private static let refusal = invalid("token", "is not known, was used, or is over")

    private static func request(_ pem: String) throws(RPCError) -> CertificateRequest {
        do throws(TLSError) {
            return try CertificateRequest(pem: Array(pem.utf8))
        } catch {
            throw invalid("certificate_request", "must be PKCS #10 in PEM, with a key on P-256 and signed with it")
        }
    }
}
