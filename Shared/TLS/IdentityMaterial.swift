import Glibc

/// The certificates and the key of one process, as read from its directory.
///
/// The files are `tls.crt` (leaf first), `tls.key` and `ca.crt`, the names that Kubernetes and cert-manager use, and
/// `agents.crt` where agents outside may come.
public struct IdentityMaterial: Sendable {
    public let chain: [Certificate]
    public let key: PrivateKey
    /// Everyone whose signature is trusted: during a rotation, the old authority and the new one.
    public let authorities: [Certificate]
    /// Those who vouch for enrolled agents, and for nobody else; empty where none may come.
    public let agentAuthorities: [Certificate]

    public init(
        chain: [Certificate],
        key: PrivateKey,
        authorities: [Certificate],
        agentAuthorities: [Certificate] = []
    ) {
        self.chain = chain
        self.key = key
        self.authorities = authorities
        self.agentAuthorities = agentAuthorities
    }

    /// Throws with the name of the file that is missing or wrong.
    public init(directory: String) throws(TLSError) {
        let chainFile = "\(directory)/tls.crt"
        let keyFile = "\(directory)/tls.key"
        chain = try Self.certificates(in: chainFile)
        key = try Self.key(in: keyFile)
        authorities = try Self.certificates(in: "\(directory)/ca.crt")
        let agentsFile = "\(directory)/agents.crt"
        agentAuthorities = FileStamp(agentsFile).exists ? try Self.certificates(in: agentsFile) : []
        for authority in authorities where agentAuthorities.contains(where: authority.isLike) {
            throw TLSError(.identity, "\(agentsFile): holds an authority with the key or the name of one in ca.crt")
        }
        guard chain.first?.belongs(to: key) == true else {
            throw TLSError(.identity, "\(keyFile) is not the key of \(chainFile)")
        }
        _ = try id()
    }

    /// The identity itself.
    public func id() throws(TLSError) -> SPIFFEID {
        guard let leaf = chain.first else { throw TLSError(.identity, "there is no certificate") }
        return try leaf.spiffeID()
    }

    public static func certificates(in path: String) throws(TLSError) -> [Certificate] {
        let pem = try read(path)
        do {
            return try certificates(pem: pem)
        } catch {
            throw TLSError(.identity, "\(path): \(error.message)")
        }
    }

    /// One certificate or more, in PEM.
    public static func certificates(pem: [UInt8]) throws(TLSError) -> [Certificate] {
        let end = "-----END CERTIFICATE-----"
        let text = String(decoding: pem, as: UTF8.self)
        var certificates: [Certificate] = []
        for block in text.split(separator: end).dropLast(text.hasSuffix(end) ? 0 : 1) {
            certificates.append(try Certificate(pem: Array((block + end + "\n").utf8)))
        }
        guard !certificates.isEmpty else { throw TLSError(.identity, "holds no certificate") }
        return certificates
    }

    public static func key(in path: String) throws(TLSError) -> PrivateKey {
        let pem = try read(path)
        do {
            return try PrivateKey(pem: pem)
        } catch {
            throw TLSError(.identity, "\(path): \(error.message)")
        }
    }

    private static func read(_ path: String) throws(TLSError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TLSError(.identity, "\(path): cannot be opened (errno \(errno))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0 else { throw TLSError(.identity, "\(path): is empty") }
        return Array(bytes[..<count])
    }
}
