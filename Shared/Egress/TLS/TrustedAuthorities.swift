public import TLS

/// Whom a client of the web trusts to vouch for servers: the system's authorities, or those of a file, as they are now.
public final class TrustedAuthorities {
    /// Where Debian keeps the system's.
    private static let systemFile = "/etc/ssl/certs/ca-certificates.crt"
    /// Different lists of protocols that are remembered.
    private static let maximumContexts = 16
    /// PEM.
    private let file: String?
    private let lookInterval: Duration
    private var stamp: FileStamp?
    private var lookedAt: ContinuousClock.Instant?
    private var contexts: [[String]: TLSContext] = [:]

    /// `lookInterval` lies between one look at whether the file is another one and the next.
    public init(file: String? = nil, lookInterval: Duration = .seconds(10)) {
        self.file = file
        self.lookInterval = lookInterval
    }

    /// What a handshake is made with that offers these protocols.
    ///
    /// The authorities are read for the first one, which takes milliseconds, and shared by all.
    public func context(protocols: [String] = []) throws(EgressError) -> TLSContext {
        forgetChanged()
        if let context = contexts[protocols] { return context }
        do {
            let plain =
                try contexts[[]] ?? TLSContext.inspector(authorities: file.map(IdentityMaterial.certificates) ?? [])
            contexts[[]] = plain
            guard !protocols.isEmpty else { return plain }
            let context = try plain.inspector(protocols: protocols)
            if contexts.count >= Self.maximumContexts, let other = contexts.keys.first(where: { !$0.isEmpty }) {
                contexts[other] = nil
            }
            contexts[protocols] = context
            return context
        } catch {
            throw EgressError(.local, "the trusted authorities cannot be read", cause: error)
        }
    }

    private func forgetChanged() {
        let now = ContinuousClock.now
        if let lookedAt, lookedAt.duration(to: now) < lookInterval { return }
        lookedAt = now
        let stamp = FileStamp(file ?? Self.systemFile)
        if stamp != self.stamp { contexts = [:] }
        self.stamp = stamp
    }
}
