/// The target of a request, in origin form (RFC 9112, section 3.2.1): a path, and a query.
struct HTTPTarget {
    let path: String
    let query: String?

    /// `nil` for what is no absolute path, and for the bytes that no URI holds.
    init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x23 })
        else { return nil }
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            path = text
            query = nil
            return
        }
        path = String(text[..<mark])
        query = String(text[text.index(after: mark)...])
    }
}
