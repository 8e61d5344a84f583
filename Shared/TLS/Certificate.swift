internal import COpenSSL

/// An X.509 certificate.
///
/// `@unchecked Sendable`: an `X509` is read only after `init` (what OpenSSL caches inside is locked by it), and this
/// type gives no way to change it.
@safe public final class Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe X509_free(pointer)
    }

    /// Reads the first certificate in PEM.
    public convenience init(pem: [UInt8]) throws(TLSError) {
        let certificate = unsafe withMemoryBIO(pem) { unsafe COpenSSL_read_certificate($0) }
        guard let certificate = unsafe certificate else {
            throw TLSError(.identity, "not a certificate in PEM: \(takeErrors())")
        }
        unsafe self.init(owning: certificate)
    }

    public func pem() throws(TLSError) -> [UInt8] {
        try unsafe writingPEM { unsafe PEM_write_bio_X509($0, pointer) }
    }

    /// The one SPIFFE ID of this certificate; throws when it has none, or more than one URI name.
    public func spiffeID() throws(TLSError) -> SPIFFEID {
        try unsafe Self.spiffeID(of: pointer)
    }

    /// Seconds since 1970 in UTC at which it ends.
    public var notAfter: Int64 {
        unsafe COpenSSL_not_after(pointer)
    }

    /// The same of its beginning.
    public var notBefore: Int64 {
        unsafe COpenSSL_not_before(pointer)
    }

    /// Whether both are of one key or of one name, so that certificates would not tell which of them signed.
    func isLike(_ other: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe EVP_PKEY_eq(X509_get0_pubkey(pointer), X509_get0_pubkey(other.pointer)) == 1
            || X509_NAME_cmp(X509_get_subject_name(pointer), X509_get_subject_name(other.pointer)) == 0
    }

    /// Whether the key of `authority` signed this certificate.
    public func isSigned(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_verify(pointer, X509_get0_pubkey(authority.pointer)) == 1
    }

    /// Whether both are the same, to the byte.
    public func isSame(as other: Certificate) -> Bool {
        unsafe X509_cmp(pointer, other.pointer) == 0
    }

    /// Whether `key` is this certificate's own.
    public func belongs(to key: PrivateKey) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_private_key(pointer, key.pointer) == 1
    }

    static func spiffeID(of certificate: OpaquePointer) throws(TLSError) -> SPIFFEID {
        var uri = [CChar](repeating: 0, count: 2_049)
        let count = unsafe COpenSSL_uri_names(certificate, &uri, CInt(uri.count))
        guard count == 1 else {
            throw TLSError(.untrusted, "a certificate has exactly one URI name, this one has \(max(0, count))")
        }
        let text = String(decoding: uri.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let id = SPIFFEID(text) else { throw TLSError(.untrusted, "\"\(text)\" is no SPIFFE ID") }
        return id
    }
}
