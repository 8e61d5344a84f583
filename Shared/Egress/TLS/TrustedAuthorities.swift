public import TLS

/// Whom a client of the web trusts to vouch for servers: the system's authorities, or those of a file.
public final class TrustedAuthorities {
    /// Different lists of protocols that are remembered.
    private static let maximumContexts = 16

    /// PEM.
    private let file: String?
    private var contexts: [[String]: TLSContext] = [:]

    public init(file: String? = nil) {
        self.file = file
    }

    /// What a handshake is made with that offers these protocols; made once, since it reads all authorities.
    public func context(protocols: [String] = []) throws(EgressError) -> TLSContext {
        if let context = contexts[protocols] { return context }
        if contexts.count >= Self.maximumContexts { contexts.removeAll() }
        do {
            let authorities = try file.map(IdentityMaterial.certificates) ?? []
            let context = try TLSContext.inspector(authorities: authorities, protocols: protocols)
            contexts[protocols] = context
            return context
        } catch {
            throw EgressError(.local, "the trusted authorities cannot be read", cause: error)
        }
    }
}
