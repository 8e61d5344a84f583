import CCurl
import Glibc

/// A URL as libcurl reads it, so that what is checked is what is connected to.
public struct EgressURL: Equatable, Sendable {
    private static let maximumBytes = 8_192

    /// With numeric IPv4 hosts in four decimal parts, and international names in ASCII.
    public let text: String
    public let isSecure: Bool
    /// A name without its last dot, or an address without brackets.
    public let host: String
    public let port: UInt16
    /// Host and port as a request names them: without the port when it is the scheme's own.
    let authority: String
    /// Path and query, in printable ASCII.
    let path: String

    /// Throws `EgressError` with `badRequest` for anything but an `http` or `https` URL with a host and no user.
    public init(_ text: String) throws(EgressError) {
        guard text.utf8.count <= Self.maximumBytes else { throw Self.bad("is too long") }
        let parser = try CurlURL()
        try parser.set(CURLUPART_URL, text)
        let scheme = try parser.get(CURLUPART_SCHEME)
        guard scheme == "http" || scheme == "https" else { throw Self.bad("is neither http nor https") }
        guard try !parser.has(CURLUPART_USER), try !parser.has(CURLUPART_PASSWORD) else { throw Self.bad("has a user") }
        guard try !parser.has(CURLUPART_ZONEID) else { throw Self.bad("has an IPv6 zone") }
        // Only names of other scripts need a locale, and that is read from files.
        var name = text.utf8.allSatisfy { $0 < 0x80 } ? try parser.get(CURLUPART_HOST) : try parser.asciiHost()
        if name.hasSuffix(".") { name.removeLast() }
        guard !name.isEmpty else { throw Self.bad("has no host") }
        try parser.set(CURLUPART_HOST, name)
        guard let port = UInt16(try parser.get(CURLUPART_PORT, CURLU_DEFAULT_PORT)), port > 0 else {
            throw Self.bad("has no usable port")
        }
        self.text = try parser.get(CURLUPART_URL)
        self.port = port
        isSecure = scheme == "https"
        authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
        let query = try parser.has(CURLUPART_QUERY) ? "?" + parser.get(CURLUPART_QUERY) : ""
        path = Self.printable(try parser.get(CURLUPART_PATH) + query)
        host = name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name
    }

    /// Where a redirect from here to `location` leads; `nil` when that is no URL.
    func resolving(_ location: String) -> String? {
        guard location.utf8.count <= Self.maximumBytes, let parser = try? CurlURL() else { return nil }
        do {
            try parser.set(CURLUPART_URL, text)
            try parser.set(CURLUPART_URL, location, CURLU_URLENCODE | CURLU_ALLOW_SPACE)
            return try parser.get(CURLUPART_URL)
        } catch {
            return nil
        }
    }

    /// With each byte that a request line cannot have in hexadecimal.
    private static func printable(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return text }
        return text.utf8.map { byte in
            (0x21...0x7e).contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    fileprivate static func bad(_ what: String) -> EgressError {
        EgressError(.badRequest, "the URL \(what)")
    }
}

@safe private struct CurlURL: ~Copyable {
    private let handle: OpaquePointer

    init() throws(EgressError) {
        guard let handle = unsafe curl_url() else { throw EgressError(.local, "libcurl has no memory for a URL") }
        unsafe self.handle = handle
    }

    deinit {
        unsafe curl_url_cleanup(handle)
    }

    func set(_ part: CURLUPart, _ text: String, _ flags: CInt = 0) throws(EgressError) {
        try check(unsafe curl_url_set(handle, part, text, UInt32(flags)))
    }

    func get(_ part: CURLUPart, _ flags: CInt = 0) throws(EgressError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        try check(unsafe curl_url_get(handle, part, &text, UInt32(flags)))
        guard let text = unsafe text else { return "" }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    /// libcurl hands names to libidn2 in the encoding of the thread's locale.
    func asciiHost() throws(EgressError) -> String {
        let unicode = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
        let previous = unsafe uselocale(unicode)
        defer {
            _ = unsafe uselocale(previous)
            if let unicode = unsafe unicode { unsafe freelocale(unicode) }
        }
        return try get(CURLUPART_HOST, CURLU_PUNYCODE)
    }

    func has(_ part: CURLUPart) throws(EgressError) -> Bool {
        do {
            return try !get(part).isEmpty
        } catch {
            return false
        }
    }

    private func check(_ code: CURLUcode) throws(EgressError) {
        guard code != CURLUE_OK else { return }
        throw EgressURL.bad("is malformed: \(unsafe String(cString: curl_url_strerror(code)))")
    }
}
