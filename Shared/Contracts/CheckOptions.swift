/// What only some types of check have; each says which.
public struct CheckOptions: Codable, Equatable, Sendable {
    /// All but `trace` and `mtu`: the addresses to probe; `first` by default.
    public var endpoints: EndpointChoice?
    /// All but `trace` and `mtu`: probes in quick succession that must fail too before a failure is reported, from
    /// 0 to 5; 3 by default.
    public var confirmations: Int?
    /// All but `trace` and `mtu`: whether the way to the target is traced when it begins to fail; true by default.
    public var traceOnFailure: Bool?
    /// `icmp`, `tcp`, `tls`, `http`: the target must not be reachable; that it is, is the failure.
    public var mustNotConnect: Bool?

    /// `icmp`, `udp`, `stamp`, `trace`: packets a run, for `trace` packets a hop; from 1 to 1,000; 1 by default.
    public var packets: Int?
    /// `icmp`, `udp`, `stamp`, `trace`: milliseconds from one packet to the next, from 1 to 1,000; 25 by default.
    public var gapMilliseconds: Int?
    /// `icmp`, `udp`: bytes of payload, from 0 to 65,000 (fewer than an answer is recognised by count as many); 56 by
    /// default.
    public var payloadBytes: Int?
    /// `icmp`, `udp`, `stamp`, `trace`: differentiated services code point (RFC 2474), from 0 to 63; 0 by default.
    public var dscp: Int?
    /// `icmp`, `udp`: forbids fragmentation.
    public var dontFragment: Bool?

    /// `udp`, `stamp`, `tcp`, `tls`, `trace`: the port; 7, 862, 443, 443, and 33434 or 443 by default.
    public var port: Int?

    /// `tls`: the name that the certificate must have; the target's by default.
    public var serverName: String?
    /// `tls`: application protocols that are offered, of which the server must choose one.
    public var alpn: [String]?
    /// `tls`, `http`: days for which the certificate must be valid still, from 0 to 825.
    public var certificateDays: Int?

    /// `http`: the whole URL; `https://` and the target's address by default.
    public var url: String?
    /// `http`: `GET` by default.
    public var method: String?
    /// `http`: header fields to send, at most 20.
    public var headers: [String: String]?
    /// `http`: a body to send, at most 16 KiB.
    public var body: String?
    /// `http`: the name of a secret of the agent's, `user:password`, for basic authentication.
    public var basicSecret: String?
    /// `http`: the name of a secret of the agent's, a bearer token.
    public var bearerSecret: String?
    /// `http`: the version to speak; over TLS what both sides agree on, and 1.1 without, by default.
    public var httpVersion: HTTPVersion?
    /// `http`: redirects to follow, from 0 to 10; none by default.
    public var redirects: Int?
    /// `http`: the status codes that are a success; 200 to 399 by default.
    public var expectedStatus: [Int]?
    /// `http`: header fields that must be there and match these patterns, at most 20.
    public var expectedHeaders: [String: String]?
    /// `http`: a text that the body must contain within its first 64 KiB.
    public var bodyContains: String?
    /// `http`: a pattern (PCRE2) that the body must match within its first 64 KiB.
    public var bodyMatches: String?

    /// `dns`: the resolver to ask; by default a target that is an address, and the agent's own for one that is a name.
    public var resolver: String?
    /// `dns`: `udp`, `tcp` or `tls`; `udp` by default.
    public var transport: DNSTransport?
    /// `dns`: the name to ask for; by default a target that is a name, and the root for one that is an address.
    public var query: String?
    /// `dns`: `A`, `AAAA`, `CNAME`, `MX`, `NS`, `TXT`, `SRV` or `SOA`; by default `A`, and `NS` for the root.
    public var recordType: String?
    /// `dns`: an answer that must be among those given.
    public var expectedAnswer: String?

    /// `trace`: `icmp` by default.
    public var mode: TraceMode?
    /// `trace`: flows to follow, which may take different ways, from 1 to 32; 1 by default.
    public var flows: Int?
    /// `trace`: hops to look at, from 1 to 64; 30 by default.
    public var hops: Int?

    enum CodingKeys: String, CodingKey {
        case endpoints, confirmations, packets, dscp, port, alpn, url, method, headers, body, redirects, resolver
        case transport, query, mode, flows, hops
        case traceOnFailure = "trace_on_failure"
        case mustNotConnect = "must_not_connect"
        case gapMilliseconds = "gap_ms"
        case payloadBytes = "payload_bytes"
        case dontFragment = "dont_fragment"
        case serverName = "server_name"
        case certificateDays = "certificate_days"
        case httpVersion = "http_version"
        case basicSecret = "basic_secret"
        case bearerSecret = "bearer_secret"
        case expectedStatus = "expected_status"
        case expectedHeaders = "expected_headers"
        case bodyContains = "body_contains"
        case bodyMatches = "body_matches"
        case recordType = "record_type"
        case expectedAnswer = "expected_answer"
    }

    public init() {}
}
