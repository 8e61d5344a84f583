import TLS

/// A secret that is handed out once and kept as its SHA-256.
public struct HandedOut: Sendable {
    public let text: String
    public let hash: [UInt8]

    /// 32 random bytes.
    public init(prefix: String = "") throws {
        let bytes = try randomBytes(32)
        text = prefix + Base64URL.encode(bytes)
        hash = sha256(bytes)
    }

    /// The hash of one that somebody shows; `nil` for what cannot be one.
    public static func hash(of text: String, prefix: String = "") -> [UInt8]? {
        guard text.hasPrefix(prefix), text.utf8.count <= 128,
            let bytes = Base64URL.decode(text.dropFirst(prefix.count)), bytes.count == 32
        else { return nil }
        return sha256(bytes)
    }
}
