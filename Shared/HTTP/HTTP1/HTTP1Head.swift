/// The head of an HTTP/1.1 request, read strictly (RFC 9112): what is ambiguous is refused, because two readers that
/// disagree on it are what request smuggling lives on.
struct HTTP1Head {
    enum BodyLength: Equatable {
        case bytes(Int)
        case chunked
    }

    var method: HTTPMethod
    var target: HTTPTarget
    var authority: String
    var fields: HTTPFields
    var length: BodyLength
    /// Whether the connection goes on after the answer.
    var keepsAlive: Bool
    var isVersion10: Bool
    /// What the client asks to switch to.
    var upgrade: String?
    var expectsContinue: Bool
}

/// Why a request is refused: the status to answer with before the connection is closed.
struct HTTP1Refusal: Error, Equatable {
    var status: Int
    var reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

extension HTTP1Head {
    /// Reads a head without its last empty line; every line ends with CRLF.
    init(_ bytes: ArraySlice<UInt8>, limits: HTTPLimits) throws(HTTP1Refusal) {
        var lines = HTTP1Lines(bytes)
        let line = try lines.next() ?? []
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else {
            throw HTTP1Refusal(400, "the request line is not a method, a target and a version")
        }
        method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self))
        isVersion10 = try Self.isVersion10(parts[2])
        fields = try Self.fields(&lines, limits: limits)
        let form = try Self.target(parts[1], method)
        target = form.target
        authority = try Self.authority(of: fields, form.authority, isVersion10: isVersion10)
        length = try Self.length(of: fields, isVersion10: isVersion10)
        let options = Self.connectionOptions(fields)
        keepsAlive = !options.contains("close") && (!isVersion10 || options.contains("keep-alive"))
        // HTTP/1.0 has neither upgrades (RFC 9110, section 7.8) nor expectations (section 10.1.1).
        upgrade = options.contains("upgrade") && !isVersion10 ? fields["upgrade"]?.lowercased() : nil
        expectsContinue = isVersion10 ? false : try Self.expectsContinue(fields)
    }

    private static func isVersion10(_ version: ArraySlice<UInt8>) throws(HTTP1Refusal) -> Bool {
        if version.elementsEqual("HTTP/1.1".utf8) { return false }
        if version.elementsEqual("HTTP/1.0".utf8) { return true }
        throw HTTP1Refusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }

    private static func fields(_ lines: inout HTTP1Lines, limits: HTTPLimits) throws(HTTP1Refusal) -> HTTPFields {
        var fields = HTTPFields()
        while let line = try lines.next() {
            guard fields.count < limits.fieldCount else { throw HTTP1Refusal(431, "too many header fields") }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(isTokenByte)
            else { throw HTTP1Refusal(400, "a header field has no proper name") }
            let value = line[(colon + 1)...].trimmingSpaces()
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw HTTP1Refusal(400, "a header field holds a control character")
            }
            fields.append(
                String(decoding: line[..<colon], as: UTF8.self),
                String(decoding: value, as: UTF8.self)
            )
        }
        return fields
    }

    /// What the `connection` fields list, all of them together.
    private static func connectionOptions(_ fields: HTTPFields) -> [Substring] {
        guard fields.count(of: "connection") > 0 else { return [] }
        let lists = fields.all.filter { $0.name == "connection" }.map { $0.value.lowercased() }
        return lists.flatMap { $0.split(separator: ",").map { $0.trimmingSpaces() } }
    }

    /// Takes origin form and absolute form (section 3.2).
    private static func target(
        _ bytes: ArraySlice<UInt8>,
        _ method: HTTPMethod
    ) throws(HTTP1Refusal) -> (target: HTTPTarget, authority: String?) {
        guard method != .connect else { throw HTTP1Refusal(400, "this is no proxy") }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "*", method == .options, let target = HTTPTarget("/*") { return (target, nil) }
        if let target = HTTPTarget(text) { return (target, nil) }
        guard let rest = text.lowercased().hasPrefix("http://") ? text.dropFirst(7) : nil, !rest.isEmpty else {
            throw HTTP1Refusal(400, "the target is no path")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let target = HTTPTarget(slash == rest.endIndex ? "/" : String(rest[slash...])) else {
            throw HTTP1Refusal(400, "the target is no path")
        }
        return (target, String(rest[..<slash]))
    }

    private static func authority(
        of fields: HTTPFields,
        _ absolute: String?,
        isVersion10: Bool
    ) throws(HTTP1Refusal) -> String {
        let count = fields.count(of: "host")
        guard count == 1 || (count == 0 && isVersion10) else { throw HTTP1Refusal(400, "there must be one host field") }
        let host = fields["host"] ?? absolute ?? ""
        guard host.utf8.allSatisfy({ isTokenByte($0) || $0 == 0x3a || $0 == 0x5b || $0 == 0x5d }),
            !host.isEmpty || isVersion10, absolute == nil || absolute == host
        else { throw HTTP1Refusal(400, "the host is not one") }
        return host
    }

    private static func length(of fields: HTTPFields, isVersion10: Bool) throws(HTTP1Refusal) -> BodyLength {
        let lengths = fields.count(of: "content-length")
        let encodings = fields.count(of: "transfer-encoding")
        guard lengths + encodings <= 1 else { throw HTTP1Refusal(400, "the length of the body is ambiguous") }
        if encodings == 1 {
            guard !isVersion10 else { throw HTTP1Refusal(400, "HTTP/1.0 has no transfer-encoding") }
            guard fields["transfer-encoding"]?.lowercased() == "chunked" else {
                throw HTTP1Refusal(501, "the only transfer-encoding is chunked")
            }
            return .chunked
        }
        guard lengths == 1, let digits = fields.bytes(of: "content-length") else { return .bytes(0) }
        let isNumber = digits.allSatisfy { (0x30...0x39).contains($0) } && (1...15).contains(digits.count)
        guard isNumber, digits.count == 1 || digits.first != 0x30 else {
            throw HTTP1Refusal(400, "content-length is no number")
        }
        return .bytes(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    private static func expectsContinue(_ fields: HTTPFields) throws(HTTP1Refusal) -> Bool {
        guard let expectation = fields["expect"] else { return false }
        guard expectation.lowercased() == "100-continue" else {
            throw HTTP1Refusal(417, "nothing else can be expected")
        }
        return true
    }
}

/// Cuts a head into lines; a CR or an LF by itself is no end of a line, and refused.
private struct HTTP1Lines {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func next() throws(HTTP1Refusal) -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        guard let end = rest.firstIndex(where: { $0 == 0x0d || $0 == 0x0a || $0 == 0 }), rest[end] == 0x0d,
            end + 1 < rest.endIndex, rest[end + 1] == 0x0a
        else { throw HTTP1Refusal(400, "a line does not end with CRLF") }
        let line = rest[..<end]
        rest = rest[(end + 2)...]
        guard line.first != 0x20, line.first != 0x09 else { throw HTTP1Refusal(400, "a line begins with a space") }
        return line
    }
}

/// Letters, digits and the marks that a token may have (RFC 9110, section 5.6.2).
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e:
        true
    default:
        false
    }
}

extension ArraySlice<UInt8> {
    /// Without the spaces and tabs at its ends.
    func trimmingSpaces() -> ArraySlice<UInt8> {
        var slice = drop { $0 == 0x20 || $0 == 0x09 }
        while let last = slice.last, last == 0x20 || last == 0x09 { slice.removeLast() }
        return slice
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
