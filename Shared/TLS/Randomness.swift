internal import COpenSSL

/// Bytes from OpenSSL's generator, fit for keys and tokens.
public func randomBytes(_ count: Int) throws(TLSError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try unsafe check(RAND_bytes(&bytes, CInt(count)), .library, "RAND_bytes")
    return bytes
}

/// SHA-256 (FIPS 180-4): 32 bytes.
public func sha256(_ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = unsafe SHA256(message, message.count, &digest)
    return digest
}

/// Compares in a time that depends on the length alone.
public func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}

/// SHA-1 (FIPS 180-4): 20 bytes.
///
/// For the WebSocket handshake, which asks for it; it protects nothing.
public func sha1(_ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 20)
    _ = unsafe SHA1(message, message.count, &digest)
    return digest
}
