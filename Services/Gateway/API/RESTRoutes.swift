import JSONRPC

/// Finds the method that a verb and a path below `/api/v1` stand for.
struct RESTRoutes: Sendable {
    enum Match {
        case method(RPCDescriptor, path: [String: String])
        /// The path is known, for other verbs.
        case otherVerbs([String])
        case none
    }

    private struct Entry: Sendable {
        var method: RPCDescriptor
        var verb: String
        var segments: [Substring]
    }

    static let prefix = "/api/v1"

    private let entries: [Entry]

    init(_ methods: [RPCDescriptor]) {
        entries = methods.flatMap { method in
            (method.rest?.all ?? []).map { rest in
                Entry(method: method, verb: rest.verb.rawValue, segments: rest.path.split(separator: "/"))
            }
        }
    }

    /// `path` without the prefix.
    ///
    /// Literal segments win over parameters.
    func match(_ verb: String, _ path: Substring) -> Match {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let candidates = entries.compactMap { entry in
            parameters(of: entry, Array(segments)).map { (entry, $0) }
        }
        // For other verbs too: `/targets/delete` is never a target.
        guard let fewest = candidates.map(\.1.count).min() else { return .none }
        let named = candidates.filter { $0.1.count == fewest }
        guard let (entry, parameters) = named.first(where: { $0.0.verb == verb }) else {
            return .otherVerbs(named.map(\.0.verb).sorted())
        }
        return .method(entry.method, path: parameters)
    }

    /// The method at a path as contracts write it, with names in braces.
    func method(_ verb: String, _ path: String) -> RPCDescriptor? {
        entries.first { $0.verb == verb && $0.method.rest?.path == path }?.method
    }

    private func parameters(of entry: Entry, _ segments: [Substring]) -> [String: String]? {
        guard entry.segments.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (pattern, segment) in zip(entry.segments, segments) {
            if pattern.hasPrefix("{") {
                guard !segment.isEmpty, let text = PercentEncoding.decode(segment) else { return nil }
                parameters[String(pattern.dropFirst().dropLast())] = text
            } else if pattern != segment {
                return nil
            }
        }
        return parameters
    }
}

/// Percent-encoding of URIs (RFC 3986, section 2.1).
enum PercentEncoding {
    /// `nil` for an escape that is none, and for what is not UTF-8.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
