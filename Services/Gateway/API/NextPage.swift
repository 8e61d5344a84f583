import HTTP
import JSON
import JSONRPC

/// Where the page after this one is (RFC 8288).
enum NextPage {
    /// The value of `link`; `nil` on the last page, and where there are no pages.
    static func link(after result: [UInt8], of method: RPCDescriptor, _ request: HTTPRequest) -> String? {
        guard method.result.properties.contains(where: { $0.name == "next_cursor" }), let cursor = cursor(in: result)
        else { return nil }
        let kept = (request.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
        let query = (kept.map(String.init) + ["cursor=\(encode(cursor))"]).joined(separator: "&")
        return "<\(request.path)?\(query)>; rel=\"next\""
    }

    private static func cursor(in result: [UInt8]) -> String? {
        var cursor: String?
        try? JSONReader.read(result[...]) { reader throws(JSONError) in
            try reader.beginObject()
            while let key = try reader.nextKey() {
                if key == "next_cursor", reader.peekKind() == .string {
                    cursor = try reader.string()
                } else {
                    try reader.skip()
                }
            }
        }
        return cursor
    }

    /// All but the letters, digits and marks that mean nothing (RFC 3986, section 2.3).
    private static func encode(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
