internal import CSodium

/// libsodium, for what it does in little more than half of OpenSSL 3.0's time.
enum Sodium {
    private static let isReady = sodium_init() >= 0

    /// Ed25519 (RFC 8032), with neither keys of small order nor second forms of a signature; `key` is 32 bytes.
    static func isValid(signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        precondition(isReady, "libsodium finds no source of random numbers")
        guard signature.count == 64, key.count == 32 else { return false }
        return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
    }
}
