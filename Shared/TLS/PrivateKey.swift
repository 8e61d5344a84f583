internal import COpenSSL

/// A private key with its public half.
///
/// `@unchecked Sendable`: an `EVP_PKEY` that is never changed after `init` may be used by many threads (its reference
/// count is atomic), and this type gives no way to change it.
@safe public final class PrivateKey: @unchecked Sendable {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// An elliptic-curve key on P-256, for certificates.
    public static func p256() throws(TLSError) -> PrivateKey {
        guard let key = unsafe COpenSSL_generate_p256() else { throw TLSError(.library, takeErrors()) }
        return unsafe PrivateKey(owning: key)
    }

    /// An Ed25519 key, for signatures of tokens, and of certificates whose length must not vary.
    public static func ed25519() throws(TLSError) -> PrivateKey {
        guard let key = unsafe COpenSSL_generate_ed25519() else { throw TLSError(.library, takeErrors()) }
        return unsafe PrivateKey(owning: key)
    }

    /// Reads PKCS #8 in PEM, unencrypted.
    public convenience init(pem: [UInt8]) throws(TLSError) {
        let key = unsafe withMemoryBIO(pem) { unsafe COpenSSL_read_private_key($0) }
        guard let key = unsafe key else { throw TLSError(.identity, "not a private key in PEM: \(takeErrors())") }
        unsafe self.init(owning: key)
    }

    /// PKCS #8 in PEM, unencrypted.
    public func pem() throws(TLSError) -> [UInt8] {
        try unsafe writingPEM { unsafe PEM_write_bio_PKCS8PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }

    /// An Ed25519 signature (RFC 8032): 64 bytes.
    public func signature(of message: [UInt8]) throws(TLSError) -> [UInt8] {
        let context = try DigestContext()
        try unsafe check(EVP_DigestSignInit(context.pointer, nil, nil, nil, pointer), .library, "EVP_DigestSignInit")
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        let result = unsafe EVP_DigestSign(context.pointer, &signature, &count, message, message.count)
        try check(result, .library, "EVP_DigestSign")
        return signature
    }

    /// The 32 bytes of an Ed25519 public key.
    public func publicBytes() throws(TLSError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        let result = unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count)
        try check(result, .library, "EVP_PKEY_get_raw_public_key")
        return bytes
    }
}

@safe struct DigestContext: ~Copyable {
    let pointer: OpaquePointer

    init() throws(TLSError) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw TLSError(.library, takeErrors()) }
        unsafe pointer = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(pointer)
    }
}

/// Lets `body` read `bytes` through a BIO.
func withMemoryBIO<Result>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Result?) -> Result? {
    ERR_clear_error()
    return unsafe bytes.withUnsafeBytes { bytes in
        guard let bio = unsafe COpenSSL_memory_bio(bytes.baseAddress, CInt(bytes.count)) else { return nil }
        defer { unsafe BIO_free(bio) }
        return unsafe body(bio)
    }
}

/// What `write` puts into a BIO.
func writingPEM(_ write: (OpaquePointer) -> CInt) throws(TLSError) -> [UInt8] {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw TLSError(.library, takeErrors()) }
    defer { unsafe BIO_free(bio) }
    try check(unsafe write(bio), .library, "PEM_write_bio")
    var bytes: UnsafePointer<CChar>?
    let count = unsafe COpenSSL_bio_bytes(bio, &bytes)
    return unsafe UnsafeRawBufferPointer(start: bytes, count: count).map { $0 }
}
