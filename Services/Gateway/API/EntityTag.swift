import HTTP
import TLS

/// A strong entity tag (RFC 9110, section 8.8.3): made of the bytes of a result, so that equal results have equal tags.
struct EntityTag: Equatable, Sendable {
    let text: String

    init(of bytes: [UInt8]) {
        let digits = sha256(bytes).prefix(16).flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }
        text = String(decoding: digits, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// As it stands in a field; a compressed form of the bytes has a tag of its own.
    func field(_ coding: ContentCoding? = nil) -> String {
        coding.map { "\"\(text)-\($0.rawValue)\"" } ?? "\"\(text)\""
    }

    /// Whether a list of tags holds this one, or is `*`.
    ///
    /// The tags of compressed forms count, since what they were made of is the same. Weak ones count for
    /// `if-none-match` alone (section 13.1).
    func isListed(in list: String, weakly: Bool) -> Bool {
        list.split(separator: ",").contains { entry in
            var tag = entry.drop { $0 == " " || $0 == "\t" }
            while tag.last == " " || tag.last == "\t" { tag.removeLast() }
            if weakly, tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            return tag == "*" || tag == "\"\(text)\"" || ContentCoding.allCases.contains { tag == "\(field($0))" }
        }
    }
}
