import TLS

/// The files of a service's identity, as services read them from their identity directory.
struct IdentityFiles {
    static let chain = "tls.crt"
    static let key = "tls.key"
    static let authorities = "ca.crt"
    static let agents = "agents.crt"
    private static let calledByAgents: Set = ["orchestrator", "store"]

    /// By name, in the order in which they are to be written: whoever sees a new certificate finds its key in place.
    private(set) var all: [(name: String, bytes: [UInt8])] = []

    /// A new key with its certificate, and whom its owner is to trust.
    ///
    /// `trusted` vouch for services, and `agents` for enrolled agents, who call some services alone.
    static func issue(
        _ id: SPIFFEID,
        dnsNames: [String],
        by authority: CertificateAuthority,
        trusting trusted: [Certificate],
        agents: [Certificate],
        lifetime: Duration,
        startingAt start: Int64? = nil
    ) throws -> IdentityFiles {
        let key = try PrivateKey.p256()
        let leaf = try authority.issue(
            uris: [id.description],
            dnsNames: dnsNames,
            for: key,
            lifetime: lifetime,
            startingAt: start
        )
        var files = IdentityFiles()
        files.all = try trust(of: id.service ?? "", trusted, agents: agents)
        files.all += [(Self.key, try key.pem()), (Self.chain, try leaf.pem())]
        return files
    }

    /// The files that say whom a service trusts.
    static func trust(
        of service: String,
        _ trusted: [Certificate],
        agents: [Certificate]
    ) throws -> [(name: String, bytes: [UInt8])] {
        let trust = [(Self.authorities, try pem(trusted))]
        return calledByAgents.contains(service) ? trust + [(Self.agents, try pem(agents))] : trust
    }

    /// One after another.
    static func pem(_ certificates: [Certificate]) throws -> [UInt8] {
        try certificates.flatMap { try $0.pem() }
    }
}
