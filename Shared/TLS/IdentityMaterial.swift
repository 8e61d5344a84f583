import Glibc

/// The certificates and the key of one process, as read from its directory.
///
/// The files are `tls.crt` (leaf first), `tls.key` and `ca.crt`, the names that Kubernetes and cert-manager use.
public struct IdentityMaterial: Sendable {
    public let chain: [Certificate]
    public let key: PrivateKey
    /// Everyone whose signature is trusted: during a rotation, the old authority and the new one.
    public let authorities: [Certificate]

    public init(chain: [Certificate], key: PrivateKey, authorities: [Certificate]) {
        self.chain = chain
        self.key = key
        self.authorities = authorities
    }

    /// Throws with the name of the file that is missing or wrong.
    public init(directory: String) throws(TLSError) {
        let chainFile = "\(directory)/tls.crt"
        let keyFile = "\(directory)/tls.key"
        chain = try Self.certificates(in: chainFile)
        do {
            key = try PrivateKey(pem: try Self.read(keyFile))
        } catch {
            throw TLSError(.identity, "\(keyFile): \(error.message)")
        }
        authorities = try Self.certificates(in: "\(directory)/ca.crt")
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
        let end = "-----END CERTIFICATE-----"
        let text = String(decoding: try read(path), as: UTF8.self)
        var certificates: [Certificate] = []
        for block in text.split(separator: end).dropLast(text.hasSuffix(end) ? 0 : 1) {
            do {
                certificates.append(try Certificate(pem: Array((block + end + "\n").utf8)))
            } catch {
                throw TLSError(.identity, "\(path): \(error.message)")
            }
        }
        guard !certificates.isEmpty else { throw TLSError(.identity, "\(path): holds no certificate") }
        return certificates
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
