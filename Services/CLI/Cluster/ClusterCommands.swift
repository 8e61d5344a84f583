import Configuration
import Contracts
import EventLoop
import Kubernetes
import TLS

extension Command {
    static let clusterSecrets = Command(
        name: "cluster secrets",
        synopsis: """
            --name PREFIX [--namespace NAME] [--trust-domain NAME] [--admin-email ADDRESS] [--lifetime TIME] [--database]
            """,
        summary: "make and renew the identities of an installation in a Kubernetes cluster",
        details: """
            To be run in a pod, again and again: it makes what is missing, renews what has a third of its life or less
            left, and leaves everything else alone. Two at once do no harm. The Secrets are

              PREFIX-authority    the authorities with their keys; for this command alone
              PREFIX-enrolment    agents.crt and agents.key, for ORCHESTRATOR_ENROLMENT_DIR
              PREFIX-tls-SERVICE  tls.crt, tls.key, ca.crt, and agents.crt for those whom enrolled agents call; for
                                  orchestrator, probe-agent, store, alerting, gateway, push and sonde
              PREFIX-admin        email and password of the first administrator; made once, and never changed
              PREFIX-database     passwords of the database's administrator, admin, and of each service that has one;
                                  with --database, made once, and never changed

            The namespace is the pod's own when left out, the trust domain "sonde", the address admin@localhost, and
            the lifetime of a service's certificate 30d. The pod's service account has to be allowed to get, create and
            patch secrets there. --credentials DIR holds token, ca.crt and namespace when they are not where kubelet
            puts them.
            """,
        options: ["name", "namespace", "trust-domain", "admin-email", "lifetime", "credentials"],
        flags: ["database"],
        run: { arguments in
            _ = try arguments.words()
            let reports = try await secrets(arguments)
            guard !arguments.has("json") else { return try Output.json(reports) }
            for report in reports { Output.line(report.line) }
        }
    )

    private static func secrets(_ arguments: Arguments) async throws -> [SecretReport] {
        do {
            let cluster =
                if let directory = arguments["credentials"] {
                    try KubernetesCluster(ofPod: .process, directory: directory)
                } else {
                    try KubernetesCluster(ofPod: .process)
                }
            let plan = try ClusterSecrets.Plan(arguments, namespace: cluster.namespace)
            let loop = try EventLoop(name: "cluster")
            try loop.start()
            let client = KubernetesClient(cluster, agent: "sonde/\(Release.version)", loop: loop)
            defer { client.close() }
            let now: @Sendable () -> Int64 = { Timestamp.now.microseconds / 1_000_000 }
            do {
                return try await ClusterSecrets(client: client, plan: plan, now: now).run()
            } catch let error as KubernetesError where error.code == .forbidden {
                throw CommandLineError(
                    .failed,
                    "\(error); the service account has to be allowed to get, create and patch secrets in the namespace "
                        + plan.namespace
                )
            }
        } catch let error as KubernetesError {
            throw CommandLineError(error)
        }
    }
}

extension CommandLineError {
    fileprivate init(_ error: KubernetesError) {
        switch error.code {
        case .configuration: self.init(.usage, error.message)
        case .unavailable, .busy, .server: self.init(.unavailable, error.message)
        case .protocolViolation: self.init(.badData, error.message)
        case .unauthorized, .forbidden, .notFound, .alreadyExists, .conflict, .expired, .invalid:
            self.init(.failed, error.message)
        }
    }
}

extension ClusterSecrets.Plan {
    private static let lifetimes: ClosedRange<Int> = 3_600_000...31_536_000_000

    /// Reads the command line.
    init(_ arguments: Arguments, namespace own: String) throws(CommandLineError) {
        guard let prefix = arguments["name"] else { throw CommandLineError(.usage, "--name is missing; try --help") }
        guard prefix.utf8.count <= 200, prefix.isClusterName else {
            throw CommandLineError(.usage, "--name must be lowercase letters, digits and hyphens, got \"\(prefix)\"")
        }
        let namespace = arguments["namespace"] ?? own
        guard namespace.utf8.count <= 63, namespace.isClusterName else {
            throw CommandLineError(.usage, "--namespace must be the name of a namespace, got \"\(namespace)\"")
        }
        // Peers would take its services for agents.
        guard !namespace.hasPrefix("enrolled-") else {
            throw CommandLineError(.usage, "a namespace that begins with enrolled- is kept for enrolled agents")
        }
        self.init(prefix: prefix, namespace: namespace, hasDatabase: arguments.has("database"))
        if let domain = arguments["trust-domain"] {
            guard domain.utf8.count <= 255, SPIFFEID("spiffe://\(domain)/ca")?.trustDomain == domain else {
                throw CommandLineError(.usage, "--trust-domain must be a name such as sonde.example.org")
            }
            trustDomain = domain
        }
        if let email = arguments["admin-email"] {
            guard email.contains("@"), email.utf8.count <= 254, !email.contains(where: \.isWhitespace) else {
                throw CommandLineError(.usage, "--admin-email must be an address, got \"\(email)\"")
            }
            adminEmail = email
        }
        if let milliseconds = try arguments.milliseconds("lifetime") {
            guard Self.lifetimes.contains(milliseconds) else {
                throw CommandLineError(.usage, "--lifetime must be from 1h to 365d")
            }
            lifetime = .milliseconds(milliseconds)
        }
    }
}

extension String {
    /// A label of a name in DNS (RFC 1123), as the names of Kubernetes are.
    fileprivate var isClusterName: Bool {
        let isMade = utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
        }
        return isMade && !isEmpty && !hasPrefix("-") && !hasSuffix("-")
    }
}
