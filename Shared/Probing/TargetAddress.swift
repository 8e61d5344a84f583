public import Egress
import EventLoop

/// What a target's address names: `example.org`, `192.0.2.1`, `[2001:db8::1]:22`, `example.org:22`, a URL.
public struct TargetAddress: Equatable, Sendable {
    /// A name, or an address without brackets.
    public var host: String
    public var port: UInt16?
    /// The whole text, when it is a URL.
    public var url: String?

    /// Throws `EgressError` with `badRequest`.
    public init(_ text: String) throws(EgressError) {
        if text.utf8.contains(UInt8(ascii: "/")), text.contains("://") {
            let parsed = try EgressURL(text)
            host = parsed.host
            port = parsed.port
            url = text
        } else if let address = IPAddress(text) {
            host = address.description
        } else if let socket = SocketAddress(text) {
            host = socket.address.description
            port = socket.port
        } else {
            (host, port) = try Self.split(text)
        }
    }

    /// Whether the host is an address rather than a name.
    var isAddress: Bool { IPAddress(host) != nil }

    /// As part of a URL.
    var hostInURL: String {
        IPAddress(host).map { $0.isV4 ? host : "[\(host)]" } ?? host
    }

    private static func split(_ text: String) throws(EgressError) -> (String, UInt16?) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = String(parts.first ?? "")
        guard !host.isEmpty, host.utf8.allSatisfy({ (33...126).contains($0) && !"/?#@[]".utf8.contains($0) }) else {
            throw EgressError(.badRequest, "the target's address is neither a name, an address nor a URL")
        }
        guard parts.count == 2 else { return (host, nil) }
        guard let port = UInt16(parts[1]), port > 0 else { throw EgressError(.badRequest, "the target's port is none") }
        return (host, port)
    }
}
