import Contracts
import JSONRPC

extension CheckOptions {
    static let recordTypes = ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA"]
    /// Together a run's packets take at most this long to be sent.
    private static let longestRunMilliseconds = 60_000

    /// Throws `invalidParams` with the first field that breaks its rule, or that checks of this type do not have.
    func validate(for type: CheckType, in prefix: String) throws(RPCError) {
        for (name, owners) in given where !owners.contains(type) {
            let types = owners.map(\.rawValue).joined(separator: ", ")
            throw invalid(prefix + name, "is an option of \(types) checks, and this is one of \(type.rawValue)")
        }
        if let confirmations { try checkNumber(confirmations, prefix + "confirmations", 0...5) }
        if let port { try checkNumber(port, prefix + "port", 1...65_535) }
        try validatePackets(in: prefix)
        try validateTrace(in: prefix)
        try validateTLS(in: prefix)
        try validateHTTP(in: prefix)
        try validateDNS(in: prefix)
    }

    /// The options that are set, and the types that each is for.
    private var given: [(name: String, owners: [CheckType])] {
        let answering: [CheckType] = [.icmp, .udp, .stamp, .tcp, .tls, .http, .dns]
        let all: [(String, [CheckType], Bool)] = [
            ("endpoints", answering, endpoints != nil), ("confirmations", answering, confirmations != nil),
            ("trace_on_failure", answering, traceOnFailure != nil),
            ("must_not_connect", [.icmp, .tcp, .tls, .http], mustNotConnect != nil),
            ("packets", [.icmp, .udp, .stamp, .trace], packets != nil),
            ("gap_ms", [.icmp, .udp, .stamp, .trace], gapMilliseconds != nil),
            ("payload_bytes", [.icmp, .udp], payloadBytes != nil),
            ("dscp", [.icmp, .udp, .stamp, .trace], dscp != nil),
            ("dont_fragment", [.icmp, .udp], dontFragment != nil),
            ("port", [.udp, .stamp, .tcp, .tls, .trace], port != nil),
            ("server_name", [.tls], serverName != nil), ("alpn", [.tls], alpn != nil),
            ("certificate_days", [.tls, .http], certificateDays != nil),
            ("url", [.http], url != nil), ("method", [.http], method != nil), ("headers", [.http], headers != nil),
            ("body", [.http], body != nil), ("basic_secret", [.http], basicSecret != nil),
            ("bearer_secret", [.http], bearerSecret != nil),
            ("http_version", [.http], httpVersion != nil), ("redirects", [.http], redirects != nil),
            ("expected_status", [.http], expectedStatus != nil),
            ("expected_headers", [.http], expectedHeaders != nil),
            ("body_contains", [.http], bodyContains != nil), ("body_matches", [.http], bodyMatches != nil),
            ("resolver", [.dns], resolver != nil), ("transport", [.dns], transport != nil),
            ("query", [.dns], query != nil), ("record_type", [.dns], recordType != nil),
            ("expected_answer", [.dns], expectedAnswer != nil),
            ("mode", [.trace], mode != nil), ("flows", [.trace], flows != nil), ("hops", [.trace], hops != nil),
        ]
        return all.filter(\.2).map { ($0.0, $0.1) }
    }

    private func validatePackets(in prefix: String) throws(RPCError) {
        if let packets { try checkNumber(packets, prefix + "packets", 1...1_000) }
        if let gapMilliseconds { try checkNumber(gapMilliseconds, prefix + "gap_ms", 1...1_000) }
        guard (packets ?? 1) * (gapMilliseconds ?? 25) <= Self.longestRunMilliseconds else {
            throw invalid(prefix + "packets", "times gap_ms must be at most \(Self.longestRunMilliseconds)")
        }
        if let payloadBytes { try checkNumber(payloadBytes, prefix + "payload_bytes", 0...65_000) }
        if let dscp { try checkNumber(dscp, prefix + "dscp", 0...63) }
    }

    private func validateTrace(in prefix: String) throws(RPCError) {
        if let flows { try checkNumber(flows, prefix + "flows", 1...32) }
        if let hops { try checkNumber(hops, prefix + "hops", 1...64) }
    }

    private func validateTLS(in prefix: String) throws(RPCError) {
        if let serverName, !isHostName(serverName) { throw invalid(prefix + "server_name", "must be a host name") }
        if let certificateDays { try checkNumber(certificateDays, prefix + "certificate_days", 0...825) }
        guard let alpn else { return }
        let isFit =
            (1...8).contains(alpn.count) && alpn.allSatisfy { (1...32).contains($0.utf8.count) && isVisible($0) }
        guard isFit else { throw invalid(prefix + "alpn", "must list 1 to 8 protocols of 1 to 32 visible characters") }
    }

    private func validateDNS(in prefix: String) throws(RPCError) {
        if let resolver, !isEndpoint(resolver) {
            throw invalid(prefix + "resolver", "must be a host name or an IP address, with or without a port")
        }
        if let query, !isDNSName(query) {
            throw invalid(prefix + "query", "must be a DNS name")
        }
        if let recordType, !Self.recordTypes.contains(recordType) {
            throw invalid(prefix + "record_type", "must be one of \(Self.recordTypes.joined(separator: ", "))")
        }
        if let expectedAnswer { try checkText(expectedAnswer, prefix + "expected_answer", 1...255) }
    }
}

func isVisible(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
}
