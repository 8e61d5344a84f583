/// The identity of a workload (SPIFFE-ID, version 1): `spiffe://<trust domain>/<path>`.
public struct SPIFFEID: Hashable, Sendable, CustomStringConvertible {
    public let trustDomain: String
    /// Without the leading slash.
    public let path: String

    /// The identity of a service: `spiffe://<trust domain>/ns/<namespace>/sa/<service>`.
    public init(trustDomain: String, namespace: String, service: String) {
        self.trustDomain = trustDomain
        path = "ns/\(namespace)/sa/\(service)"
    }

    /// Reads a URI; `nil` when it is no SPIFFE ID: another scheme, a port, a query, an empty or dotted segment.
    public init?(_ uri: String) {
        let prefix = "spiffe://"
        guard uri.utf8.count <= 2_048, uri.hasPrefix(prefix) else { return nil }
        let parts = uri.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard let domain = parts.first, !domain.isEmpty, domain.utf8.allSatisfy(Self.isDomainByte) else { return nil }
        let segments = parts.dropFirst()
        guard !segments.isEmpty, segments.allSatisfy(Self.isSegment) else { return nil }
        trustDomain = String(domain)
        path = segments.joined(separator: "/")
    }

    /// The service of an identity of the form that this mesh uses; `nil` for every other.
    public var service: String? { parts?.service }

    /// The namespace of such an identity.
    public var namespace: String? { parts?.namespace }

    private var parts: (namespace: String, service: String)? {
        let parts = path.split(separator: "/")
        guard parts.count == 4, parts[0] == "ns", parts[2] == "sa" else { return nil }
        return (String(parts[1]), String(parts[3]))
    }

    public var description: String { "spiffe://\(trustDomain)/\(path)" }

    private static func isDomainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isSegment(_ segment: Substring) -> Bool {
        guard !segment.isEmpty, segment != ".", segment != ".." else { return false }
        return segment.utf8.allSatisfy { isDomainByte($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}
