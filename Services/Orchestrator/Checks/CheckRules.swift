import Contracts
import JSONRPC

extension Check {
    static let defaultInterval = 2_500
    static let defaultTimeout = 3_000
    /// Probes of one check that may be under way at once, so that a timeout has a bound where the interval is short.
    static let concurrentProbes = 20

    init(_ new: NewTargetCheck, of target: Target) {
        self.init(
            id: .make(),
            targetID: target.id,
            type: new.type,
            intervalMilliseconds: new.intervalMilliseconds ?? Self.defaultInterval,
            timeoutMilliseconds: new.timeoutMilliseconds ?? Self.defaultTimeout,
            options: new.options ?? CheckOptions(),
            enabled: true,
            createdAt: target.createdAt,
            updatedAt: target.updatedAt
        )
    }

    func applying(_ change: CheckChange, at now: Timestamp) -> Check {
        var check = self
        check.intervalMilliseconds = change.intervalMilliseconds ?? intervalMilliseconds
        check.timeoutMilliseconds = change.timeoutMilliseconds ?? timeoutMilliseconds
        check.options = change.options ?? options
        check.enabled = change.enabled ?? enabled
        check.updatedAt = now
        return check
    }

    /// Throws `invalidParams` with the first field that breaks its rule; `prefix` says where the fields stand.
    func validate(in prefix: String = "") throws(RPCError) {
        try checkNumber(intervalMilliseconds, prefix + "interval_ms", 200...86_400_000)
        try checkNumber(timeoutMilliseconds, prefix + "timeout_ms", 10...60_000)
        guard timeoutMilliseconds <= Self.concurrentProbes * intervalMilliseconds else {
            throw invalid(prefix + "timeout_ms", "must be at most \(Self.concurrentProbes) times interval_ms")
        }
        try options.validate(for: type, in: prefix + "options.")
    }
}

extension CheckOptions {
    static let recordTypes = ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA"]

    func validate(for type: CheckType, in prefix: String) throws(RPCError) {
        for (name, owner) in given where owner != type {
            throw invalid(
                prefix + name,
                "is an option of \(owner.rawValue) checks, and this is one of \(type.rawValue)"
            )
        }
        if let payloadBytes { try checkNumber(payloadBytes, prefix + "payload_bytes", 0...65_000) }
        if let port { try checkNumber(port, prefix + "port", 1...65_535) }
        try validateHTTP(in: prefix)
        try validateDNS(in: prefix)
    }

    /// The options that are set, and the type each belongs to.
    private var given: [(name: String, owner: CheckType)] {
        let all: [(String, CheckType, Bool)] = [
            ("payload_bytes", .icmp, payloadBytes != nil), ("port", .tcp, port != nil), ("url", .http, url != nil),
            ("expected_status", .http, expectedStatus != nil), ("body_contains", .http, bodyContains != nil),
            ("resolver", .dns, resolver != nil), ("query", .dns, query != nil),
            ("record_type", .dns, recordType != nil), ("expected_answer", .dns, expectedAnswer != nil),
        ]
        return all.filter(\.2).map { ($0.0, $0.1) }
    }

    private func validateHTTP(in prefix: String) throws(RPCError) {
        if let url, !isWebURL(url) { throw invalid(prefix + "url", "must be an http or https URL") }
        if let expectedStatus {
            guard (1...20).contains(expectedStatus.count) else {
                throw invalid(prefix + "expected_status", "must list 1 to 20 status codes")
            }
            for status in expectedStatus { try checkNumber(status, prefix + "expected_status", 100...599) }
        }
        if let bodyContains, !(1...1_024).contains(bodyContains.utf8.count) {
            throw invalid(prefix + "body_contains", "must have 1 to 1024 bytes")
        }
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
