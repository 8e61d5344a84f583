/// The target of a request, in origin form (RFC 9112, section 3.2.1): a path, and a query.
struct HTTPTarget {
    let path: String
    let query: String?

    init?(_ text: String) {
        var text = text
        guard let target = text.withUTF8({ unsafe Self(decoding: $0) }) else { return nil }
        self = target
    }

    /// `nil` for what is no absolute path, and for the bytes that no URI holds.
    init?(decoding text: UnsafeBufferPointer<UInt8>) {
        guard unsafe text.first == UInt8(ascii: "/") else { return nil }
        var end = text.count
        for index in text.indices {
            let byte = unsafe text[index]
            guard byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "#") else { return nil }
            if byte == UInt8(ascii: "?"), end == text.count { end = index }
        }
        path = unsafe String(decoding: text[..<end], as: UTF8.self)
        query = unsafe end == text.count ? nil : String(decoding: text[(end + 1)...], as: UTF8.self)
    }
}
