internal import COpenSSL

/// A request for a certificate (PKCS #10, RFC 2986) from somebody who has the key in it.
///
/// Nothing counts of it but the key, which is on P-256: whoever issues the certificate says what is in it.
public struct CertificateRequest: Sendable {
    /// What one in PEM may have.
    private static let maximumBytes = 4_096

    let key: PublicKey

    /// Throws `identity` for what is none, has a key of another kind, or is not signed with it.
    public init(pem: [UInt8]) throws(TLSError) {
        let read =
            unsafe pem.count <= Self.maximumBytes
            ? withMemoryBIO(pem) { unsafe COpenSSL_read_request($0) } : nil
        defer { ERR_clear_error() }
        guard let request = unsafe read else {
            throw TLSError(.identity, "not a certificate signing request in PEM")
        }
        defer { unsafe X509_REQ_free(request) }
        guard let key = unsafe X509_REQ_get_pubkey(request) else {
            throw TLSError(.identity, "a certificate signing request without a key")
        }
        self.key = unsafe PublicKey(owningP256: key)
        guard unsafe COpenSSL_is_p256(key) == 1 else {
            throw TLSError(.identity, "the key of a certificate signing request must be on P-256")
        }
        guard unsafe X509_REQ_verify(request, key) == 1 else {
            throw TLSError(.identity, "the certificate signing request is not signed with its own key")
        }
    }

    /// A request in PEM for a key on P-256.
    public static func pem(for key: PrivateKey) throws(TLSError) -> [UInt8] {
        ERR_clear_error()
        guard let request = unsafe X509_REQ_new() else { throw TLSError(.library, takeErrors()) }
        defer { unsafe X509_REQ_free(request) }
        try unsafe check(X509_REQ_set_pubkey(request, key.pointer), .library, "X509_REQ_set_pubkey")
        try unsafe check(X509_REQ_sign(request, key.pointer, EVP_sha256()), .library, "X509_REQ_sign")
        return try unsafe writingPEM { unsafe PEM_write_bio_X509_REQ($0, request) }
    }
}
