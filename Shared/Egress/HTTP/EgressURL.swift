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
        host = name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name
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

    func set(_ part: CURLUPart, _ text: String) throws(EgressError) {
        try check(unsafe curl_url_set(handle, part, text, 0))
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
