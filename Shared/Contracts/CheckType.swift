public import JSONRPC

/// How a target is probed.
public enum CheckType: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    /// ICMP echo.
    case icmp
    /// UDP echo (RFC 862).
    case udp
    /// Two-way delay and loss of each direction (RFC 8762).
    case stamp
    /// A TCP handshake.
    case tcp
    /// A TLS handshake, and the certificate.
    case tls
    /// An HTTP request, over TLS or not.
    case http
    /// A question to a DNS server.
    case dns
    /// The way to the target, hop by hop.
    case trace
    /// The largest packet that reaches the target whole.
    case mtu
    /// The agent's own host: processors, memory, disks, interfaces; the target's address is not used.
    case host

    /// Whether its rows tell why something is as it is, and not whether the target is well.
    public var isEvidence: Bool { self == .trace || self == .host }
}

/// Which addresses of a target that is a name are probed.
public enum EndpointChoice: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    /// The first one that the resolver gives.
    case first
    case ipv4
    case ipv6
    /// The first of each family, each a series of its own.
    case both
    /// Every address, at most 16, each a series of its own.
    case all
}

/// What a trace sends.
public enum TraceMode: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case icmp
    case udp
    case tcp
}

/// A version of HTTP.
public enum HTTPVersion: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case http1 = "1.1"
    case http2 = "2"
}

/// How a DNS question travels.
public enum DNSTransport: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    case udp
    case tcp
    /// RFC 7858, port 853.
    case tls
}
