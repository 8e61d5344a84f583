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
        let query = (kept.map(String.init) + ["cursor=\(cursor.percentEncoded)"]).joined(separator: "&")
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
}
