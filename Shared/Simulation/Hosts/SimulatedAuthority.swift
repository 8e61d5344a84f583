import EventLoop
public import TLS

/// Vouches for the hosts of a network that speak TLS: each has a certificate for its name, its name in `sim`, and its
/// addresses.
public struct SimulatedAuthority: Sendable {
    /// Whom a client is to trust.
    public let certificate: Certificate
    let contexts: [String: TLSContext]

    /// Time begins now, or at `start`, in seconds since 1970.
    ///
    /// Keys and certificates are new each time; nothing that a network measures depends on them: signatures with
    /// Ed25519 are all of one length.
    public init(for description: NetworkDescription, startingAt start: Int64? = nil) throws(TLSError) {
        let authority = try Self.authority("sim", start)
        let stranger = try Self.authority("elsewhere", start)
        certificate = authority.certificate
        var contexts: [String: TLSContext] = [:]
        for node in description.nodes where node.services.contains(where: \.isSecure) {
            let key = try PrivateKey.ed25519()
            let leaf = try (node.isTrusted ? authority : stranger).issue(
                uris: [],
                dnsNames: [node.name, "\(node.name).sim"],
                addresses: node.addresses.map(\.description),
                for: key,
                lifetime: node.certificateLifetime,
                startingAt: start
            )
            contexts[node.name] = try .publicServer(chain: [leaf], key: key, protocols: [.http1])
        }
        self.contexts = contexts
    }

    private static func authority(_ domain: String, _ start: Int64?) throws(TLSError) -> CertificateAuthority {
        try CertificateAuthority.make(trustDomain: domain, key: .ed25519(), startingAt: start).authority
    }
}

extension NetworkDescription.Service {
    fileprivate var isSecure: Bool {
        if case .http(_, _, isSecure: true, _) = self { true } else { false }
    }
}
