import Contracts
import JSON
import Kubernetes
import TLS

/// The Secrets from which an installation in a cluster takes its identities.
///
/// May be run at any time, and by several at once: what is as it should be is left alone, and who finds that another was
/// there first looks again.
struct ClusterSecrets: Sendable {
    /// What is wanted.
    struct Plan: Sendable {
        /// What the Secrets' names begin with.
        var prefix: String
        var namespace: String
        /// Of a new authority; `nil` for that of the one that there is, or `sonde`.
        var trustDomain: String?
        var adminEmail = "admin@localhost"
        var lifetime = Duration.seconds(30 * 86_400)
        /// Whether there are to be passwords for a database.
        var hasDatabase = false
    }

    static let services = ["orchestrator", "probe-agent", "store", "alerting", "gateway", "push", "sonde"]
    private static let databaseRoles = ["admin", "orchestrator", "store", "alerting", "gateway"]
    private static let managerLabel = "app.kubernetes.io/managed-by"
    private static let manager = "sonde"
    /// How often others may come first.
    private static let maximumRounds = 10

    let client: KubernetesClient
    let plan: Plan
    /// Seconds since 1970.
    let now: @Sendable () -> Int64

    private var authorityName: String { "\(plan.prefix)-authority" }

    private func identityName(_ service: String) -> String { "\(plan.prefix)-tls-\(service)" }

    /// Makes and renews what has to be; says of each Secret what became of it.
    func run() async throws -> [SecretReport] {
        var reports: [SecretReport] = []
        for _ in 1...Self.maximumRounds {
            do {
                let isSettled = try await round(&reports)
                if isSettled { return reports }
            } catch let error as KubernetesError where error.code == .conflict || error.code == .alreadyExists {
                continue
            }
        }
        throw CommandLineError(.failed, "the Secrets \(plan.prefix)-… are changed by others all the time; try again")
    }

    /// Looks at everything once; `false` when the authority has changed meanwhile, and all is to be looked at again.
    private func round(_ reports: inout [SecretReport]) async throws -> Bool {
        var identities: [String: KubernetesSecret] = [:]
        for service in Self.services { identities[service] = try await owned(identityName(service)) }
        let (authorities, version) = try await authorities(trustedBy: identities, &reports)
        for service in Self.services {
            try await keepIdentity(of: service, identities[service], authorities, &reports)
        }
        try await keepEnrolment(authorities.agents, &reports)
        try await keepOnce("\(plan.prefix)-admin", &reports) {
            ["email": Array(plan.adminEmail.utf8), "password": try Self.password()]
        }
        if plan.hasDatabase {
            try await keepOnce("\(plan.prefix)-database", &reports) {
                Dictionary(uniqueKeysWithValues: try Self.databaseRoles.map { ($0, try Self.password()) })
            }
        }
        return try await owned(authorityName)?.metadata.resourceVersion == version
    }

    // MARK: Authorities

    private struct Authorities {
        var services: RollingAuthority
        var agents: RollingAuthority

        func files() throws -> [String: [UInt8]?] { try services.files().merging(agents.files()) { own, _ in own } }
    }

    private func authorities(
        trustedBy identities: [String: KubernetesSecret],
        _ reports: inout [SecretReport]
    ) async throws -> (Authorities, version: String?) {
        guard let secret = try await owned(authorityName) else {
            let domain = plan.trustDomain ?? "sonde"
            let fresh = Authorities(
                services: try RollingAuthority("ca", "Sonde CA", trustDomain: domain, now: now()),
                agents: try RollingAuthority("agents", "Sonde agents", trustDomain: domain, now: now())
            )
            let made = try await create(authorityName, try fresh.files().compactMapValues(\.self))
            note(&reports, authorityName, .made, until: fresh.services.current.certificate)
            return (fresh, made.metadata.resourceVersion)
        }
        var authorities = try read(secret)
        try authorities.services.advance(to: now()) { certificate in
            identities.values.allSatisfy { $0.holds(certificate, in: IdentityFiles.authorities) }
        }
        try authorities.agents.advance(to: now()) { certificate in
            identities.values.allSatisfy { secret in
                secret.file(IdentityFiles.agents) == nil || secret.holds(certificate, in: IdentityFiles.agents)
            }
        }
        let kept = try await keep(secret, try authorities.files())
        let isRolling = authorities.services.next != nil || authorities.agents.next != nil
        let action: SecretReport.Action = kept == nil ? .kept : isRolling ? .announced : .renewed
        note(&reports, authorityName, action, until: authorities.services.current.certificate)
        return (authorities, (kept ?? secret).metadata.resourceVersion)
    }

    private func read(_ secret: KubernetesSecret) throws -> Authorities {
        do {
            let services = try RollingAuthority("ca", "Sonde CA", from: secret.file)
            let agents = try RollingAuthority("agents", "Sonde agents", from: secret.file)
            let domain = try services.current.certificate.spiffeID().trustDomain
            guard plan.trustDomain == nil || plan.trustDomain == domain else {
                throw CommandLineError(
                    .usage,
                    "Secret \(authorityName) is of the trust domain \(domain), which cannot be changed; "
                        + "to begin anew, delete it"
                )
            }
            return Authorities(services: services, agents: agents)
        } catch let error as TLSError {
            throw CommandLineError(
                .badData,
                "Secret \(authorityName): \(error.message); restore it from a backup, or delete it to begin anew"
            )
        }
    }

    // MARK: Identities

    private func keepIdentity(
        of service: String,
        _ secret: KubernetesSecret?,
        _ authorities: Authorities,
        _ reports: inout [SecretReport]
    ) async throws {
        let authority = authorities.services.current
        let domain = try authority.certificate.spiffeID().trustDomain
        let id = SPIFFEID(trustDomain: domain, namespace: plan.namespace, service: service)
        let name = identityName(service)
        if let secret, let leaf = secret.leaf(of: id, by: authority.certificate), !leaf.isDue(at: now()) {
            let trust = try IdentityFiles.trust(
                of: service,
                authorities.services.trusted,
                agents: authorities.agents.trusted
            )
            let kept = try await keep(secret, Dictionary(uniqueKeysWithValues: trust.map { ($0.name, $0.bytes) }))
            return note(&reports, name, kept == nil ? .kept : .trustChanged, until: leaf)
        }
        let left = authority.certificate.notAfter - now()
        let issued = try IdentityFiles.issue(
            id,
            dnsNames: [service, "\(plan.prefix)-\(service)", "\(plan.prefix)-\(service).\(plan.namespace).svc"],
            by: authority,
            trusting: authorities.services.trusted,
            agents: authorities.agents.trusted,
            lifetime: min(plan.lifetime, .seconds(left)),
            startingAt: now()
        )
        let files = Dictionary(uniqueKeysWithValues: issued.all.map { ($0.name, $0.bytes) })
        if let secret {
            _ = try await keep(secret, files)
        } else {
            _ = try await create(name, files)
        }
        let leaf = try Certificate(pem: files[IdentityFiles.chain] ?? [])
        note(&reports, name, secret == nil ? .made : .renewed, until: leaf)
    }

    /// The authority of enrolled agents, for the orchestrator, which issues their certificates.
    private func keepEnrolment(_ agents: RollingAuthority, _ reports: inout [SecretReport]) async throws {
        let name = "\(plan.prefix)-enrolment"
        let files = try agents.files().filter { $0.key != "\(agents.stem)-next.key" }.compactMapValues(\.self)
        let certificate = agents.current.certificate
        guard let secret = try await owned(name) else {
            _ = try await create(name, files)
            return note(&reports, name, .made, until: certificate)
        }
        let kept = try await keep(secret, files)
        note(&reports, name, kept == nil ? .kept : .renewed, until: certificate)
    }

    /// Passwords: whoever made them, they are left as they are.
    private func keepOnce(
        _ name: String,
        _ reports: inout [SecretReport],
        _ files: () throws -> [String: [UInt8]]
    ) async throws {
        guard try await find(name) == nil else { return note(&reports, name, .kept) }
        _ = try await create(name, files())
        note(&reports, name, .made)
    }

    private static func password() throws -> [UInt8] { Array(try randomBytes(16).hexadecimal.utf8) }

    // MARK: Secrets

    private func find(_ name: String) async throws -> KubernetesSecret? {
        do {
            return try await client.get(KubernetesSecret.self, name, namespace: plan.namespace)
        } catch let error as KubernetesError where error.code == .notFound {
            return nil
        }
    }

    /// Throws for one that somebody else made: it is not ours to write over.
    private func owned(_ name: String) async throws -> KubernetesSecret? {
        guard let secret = try await find(name) else { return nil }
        guard secret.metadata.labels?[Self.managerLabel] == Self.manager else {
            throw CommandLineError(
                .cannotCreate,
                "Secret \(name) is there and not labelled \(Self.managerLabel)=\(Self.manager), so it is left as it is; "
                    + "delete it, or choose another --name"
            )
        }
        return secret
    }

    private func create(_ name: String, _ files: [String: [UInt8]]) async throws -> KubernetesSecret {
        let labels = [
            Self.managerLabel: Self.manager, "app.kubernetes.io/name": "sonde",
            "app.kubernetes.io/instance": plan.prefix,
        ]
        let metadata = KubernetesMetadata(name: name, namespace: plan.namespace, labels: labels)
        return try await client.create(KubernetesSecret(metadata: metadata, files: files))
    }

    /// Writes the files that are others; `nil` when there are none.
    private func keep(_ secret: KubernetesSecret, _ files: [String: [UInt8]?]) async throws -> KubernetesSecret? {
        let changed = files.filter { secret.file($0.key) != $0.value }
        guard !changed.isEmpty else { return nil }
        let data = changed.mapValues { bytes in bytes.map { JSONValue.string(KubernetesSecret.encoded($0)) } ?? .null }
        return try await client.patch(secret, ["data": .object(data)])
    }

    /// The first thing that was done to a Secret is what counts, however often it is looked at.
    private func note(
        _ reports: inout [SecretReport],
        _ name: String,
        _ action: SecretReport.Action,
        until certificate: Certificate? = nil
    ) {
        let end = certificate.map { Timestamp(microseconds: $0.notAfter * 1_000_000) }
        let report = SecretReport(secret: name, action: action, validUntil: end)
        guard let index = reports.firstIndex(where: { $0.secret == name }) else { return reports.append(report) }
        if action != .kept || reports[index].action == .kept { reports[index] = report }
    }
}

extension KubernetesSecret {
    fileprivate func holds(_ certificate: Certificate, in file: String) -> Bool {
        guard let pem = self.file(file), let all = try? IdentityMaterial.certificates(pem: pem) else { return false }
        return all.contains { $0.isSame(as: certificate) }
    }

    /// The certificate in it, if it is of this identity, by this authority, and its key is there.
    fileprivate func leaf(of id: SPIFFEID, by authority: Certificate) -> Certificate? {
        guard let chain = file(IdentityFiles.chain), let leaf = try? Certificate(pem: chain),
            let pem = file(IdentityFiles.key), let key = try? PrivateKey(pem: pem), leaf.belongs(to: key),
            (try? leaf.spiffeID()) == id, leaf.isSigned(by: authority)
        else { return nil }
        return leaf
    }
}
