import Foundation
import HTTP
import TLS

/// The page: its files, read once, and the headers that keep it from being misused.
struct StaticPages: Sendable {
    private struct Page: Sendable {
        var bytes: [UInt8]
        var type: String
        var tag: String
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8", "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon",
    ]
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private var pages: [String: Page] = [:]

    /// Files of a type that the page does not use are passed over.
    init(dashboard: String, vendor: String) throws {
        try add(dashboard, below: "")
        if FileManager.default.fileExists(atPath: vendor) { try add(vendor, below: "/vendor") }
        pages["/"] = pages["/index.html"]
        pages[ProviderSettings.callbackPath] = pages["/index.html"]
        pages["/docs"] = pages["/docs/index.html"]
    }

    var isEmpty: Bool { pages.isEmpty }

    /// `nil` when there is no such page.
    func response(to request: HTTPRequest) -> HTTPResponse? {
        guard let page = pages[request.path] else { return nil }
        guard request.method == .get || request.method == .head else {
            return RESTHandler.allowing(["GET"], request)
        }
        var fields: HTTPFields = [
            "etag": page.tag, "cache-control": "no-cache", "content-security-policy": Self.policy,
            "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
        ]
        guard !Self.isKnown(page.tag, to: request) else { return HTTPResponse(status: 304, fields: fields) }
        fields.append("content-type", page.type)
        return HTTPResponse(status: 200, fields: fields, body: .bytes(page.bytes))
    }

    /// Whether `if-none-match` lists the tag, also as a weak one (RFC 9110, section 13.1.2): a proxy that compresses
    /// makes it so.
    private static func isKnown(_ tag: String, to request: HTTPRequest) -> Bool {
        guard let known = request.fields["if-none-match"] else { return false }
        return known.split(separator: ",").contains { text in
            let text = text.trimmingCharacters(in: .whitespaces)
            return text == tag || text == "W/\(tag)"
        }
    }

    private mutating func add(_ directory: String, below prefix: String) throws {
        let root = URL(filePath: directory)
        guard let names = FileManager.default.enumerator(atPath: root.path()) else {
            throw CocoaError(.fileReadNoSuchFile, userInfo: [NSFilePathErrorKey: directory])
        }
        for case let name as String in names {
            let file = root.appending(path: name)
            guard let type = Self.types[file.pathExtension], !name.hasSuffix(".d.ts") else { continue }
            let bytes = [UInt8](try Data(contentsOf: file))
            let tag = sha256(bytes).prefix(12).map { String(format: "%02x", $0) }.joined()
            pages["\(prefix)/\(name)"] = Page(bytes: bytes, type: type, tag: "\"\(tag)\"")
        }
    }
}
