internal import COpenSSL

/// A public key that signatures are verified with.
///
/// `@unchecked Sendable`: as `PrivateKey`.
@safe public final class PublicKey: @unchecked Sendable {
    private enum Kind {
        case ed25519([UInt8]), p256, rsa
    }

    /// OpenSSL's form of it; none for Ed25519.
    let pointer: OpaquePointer?
    private let kind: Kind

    /// Takes 32 bytes.
    public init(ed25519 bytes: [UInt8]) throws(TLSError) {
        guard bytes.count == 32 else { throw TLSError(.identity, "not an Ed25519 public key") }
        unsafe pointer = nil
        kind = .ed25519(bytes)
    }

    /// A point of the curve P-256: 32 bytes each.
    public init(p256 x: [UInt8], _ y: [UInt8]) throws(TLSError) {
        guard x.count == 32, y.count == 32, let key = unsafe Self.read(.p256([4] + x + y)) else {
            throw TLSError(.identity, "not a public key on P-256")
        }
        unsafe pointer = key
        kind = .p256
    }

    /// An RSA key of 2,048 to 8,192 bits; both numbers with the most significant byte first.
    ///
    /// Its exponent is odd and at least 3 (RFC 8017, section 3.1): with 1, anybody could sign.
    public init(rsa modulus: [UInt8], exponent: [UInt8]) throws(TLSError) {
        let number = exponent.reduce(0) { $0 << 8 | UInt64($1) }
        guard modulus.count <= 1_024, exponent.count <= 4, number >= 3, number % 2 == 1,
            let key = unsafe Self.read(.rsa(modulus, exponent))
        else {
            throw TLSError(.identity, "not an RSA public key")
        }
        unsafe pointer = key
        kind = .rsa
        guard unsafe EVP_PKEY_get_bits(pointer) >= 2_048 else {
            throw TLSError(.identity, "an RSA key of less than 2,048 bits")
        }
    }

    /// Takes over a key on P-256.
    @unsafe init(owningP256 pointer: OpaquePointer) {
        unsafe self.pointer = pointer
        kind = .p256
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// Ed25519 (RFC 8032), ECDSA with SHA-256 as two numbers of 32 bytes (RFC 7518, section 3.4), or RSASSA-PKCS1-v1_5
    /// with SHA-256.
    public func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
        switch kind {
        case .ed25519(let key):
            return Sodium.isValid(signature: signature, of: message, key: key)
        case .p256:
            guard signature.count == 64 else { return false }
            let numbers = DER.integer(signature[..<32]) + DER.integer(signature[32...])
            return isValidWithSHA256(DER.sequence(numbers), of: message)
        case .rsa:
            return isValidWithSHA256(signature, of: message)
        }
    }

    private func isValidWithSHA256(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = try? DigestContext() else { return false }
        defer { ERR_clear_error() }
        guard unsafe EVP_DigestVerifyInit(context.pointer, nil, EVP_sha256(), nil, pointer) == 1 else { return false }
        return unsafe EVP_DigestVerify(context.pointer, signature, signature.count, message, message.count) == 1
    }

    private static func read(_ info: DER.PublicKeyInfo) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return unsafe info.bytes.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, bytes.count)
        }
    }
}
