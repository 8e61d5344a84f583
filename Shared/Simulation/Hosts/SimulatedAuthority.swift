import EventLoop
public import TLS

/// Vouches for the hosts of a network that speak TLS: each has a certificate for its name, its name in `sim`, and its
/// addresses.
public struct SimulatedAuthority: Sendable {
    /// Whom a client is to trust.
    public let certificate: Certificate
    let contexts: [String: TLSContext]

    /// Keys and certificates are new each time; nothing that a network measures depends on them.
    public init(for description: NetworkDescription) throws(TLSError) {
        let (authority, _) = try CertificateAuthority.make(trustDomain: "sim")
        certificate = authority.certificate
        var contexts: [String: TLSContext] = [:]
        for node in description.nodes where node.services.contains(where: \.isSecure) {
            let key = try PrivateKey.p256()
            let leaf = try authority.issue(
                uris: [],
                dnsNames: [node.name, "\(node.name).sim"],
                addresses: node.addresses.map(\.description),
                for: key,
                lifetime: node.certificateLifetime
            )
            contexts[node.name] = try .publicServer(chain: [leaf], key: key, protocols: [.http1])
        }
        self.contexts = contexts
    }
}

extension NetworkDescription.Service {
    fileprivate var isSecure: Bool {
        if case .http(_, _, isSecure: true) = self { true } else { false }
    }
}
