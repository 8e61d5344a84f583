import Contracts
import Testing

/// A target that breaks one rule, and the field that is at fault.
struct TargetRuleCase: Sendable, CustomTestStringConvertible {
    var field: String
    var note: String
    var target: NewTarget

    var testDescription: String { "\(field): \(note)" }

    init(_ field: String, _ note: String, _ change: (inout NewTarget) -> Void) {
        self.field = field
        self.note = note
        target = NewTarget(address: "a.example", name: "A")
        change(&target)
    }

    /// One check with a mistake.
    init(_ field: String, _ note: String, _ type: CheckType, _ change: (inout NewTargetCheck) -> Void) {
        self.init("checks[0].\(field)", note) { target in
            var check = NewTargetCheck(type: type, options: CheckOptions())
            change(&check)
            target.checks = [check]
        }
    }

    private static let addresses = [
        "", " ", "a b", "a..example", "-a.example", "a.example-", "999.1.1.1", "1.2.3", "a.example\n", "bücher.example",
        "ftp://a.example", "http://", "http://user@a.example", "http://a.example:0", "http://a.example:99999",
        "http://[192.0.2.1]/", "http://a b/", "2001:db8::1::2", "a.example:0", "a.example:", ":22", "192.0.2.1:70000",
        "[2001:db8::1]", "fe80::1%", String(repeating: "a", count: 64),
        String(repeating: "a.", count: 127) + "a",
    ]

    static let all: [Self] =
        addresses.map { address in Self("address", address.prefix(30).debugDescription) { $0.address = address } }
        + [
            Self("name", "empty") { $0.name = "" },
            Self("name", "blank") { $0.name = "  " },
            Self("name", "long") { $0.name = String(repeating: "x", count: 201) },
            Self("name", "line break") { $0.name = "a\nb" },
            Self("name", "null") { $0.name = "a\0b" },
            Self("name", "turned around") { $0.name = "a\u{202e}b" },
            Self("description", "long") { $0.description = String(repeating: "x", count: 2_001) },
            Self("category", "escape") { $0.category = "a\u{1b}[31m" },
            Self("labels", "many") { target in
                target.labels = Dictionary(uniqueKeysWithValues: (0..<65).map { ("k\($0)", "v") })
            },
            Self("labels", "key with a space") { $0.labels = ["a b": "c"] },
            Self("labels", "empty key") { $0.labels = ["": "c"] },
            Self("labels.k", "long value") { $0.labels = ["k": String(repeating: "v", count: 257)] },
            Self("interval_ms", "short", .icmp) { $0.intervalMilliseconds = 199 },
            Self("interval_ms", "long", .icmp) { $0.intervalMilliseconds = 86_400_001 },
            Self("timeout_ms", "short", .icmp) { $0.timeoutMilliseconds = 9 },
            Self("timeout_ms", "long", .icmp) { $0.timeoutMilliseconds = 60_001 },
            Self("timeout_ms", "twenty-one intervals", .icmp) { check in
                check.intervalMilliseconds = 200
                check.timeoutMilliseconds = 4_200
            },
            Self("options.payload_bytes", "large", .icmp) { $0.options?.payloadBytes = 65_001 },
            Self("options.port", "zero", .tcp) { $0.options?.port = 0 },
            Self("options.port", "large", .tcp) { $0.options?.port = 65_536 },
            Self("options.port", "of another type", .icmp) { $0.options?.port = 80 },
            Self("options.packets", "none", .icmp) { $0.options?.packets = 0 },
            Self("options.packets", "for minutes", .udp) {
                $0.options?.packets = 1_000
                $0.options?.gapMilliseconds = 61
            },
            Self("options.packets", "of another type", .tcp) { $0.options?.packets = 2 },
            Self("options.gap_ms", "zero", .icmp) { $0.options?.gapMilliseconds = 0 },
            Self("options.dscp", "seven bits", .icmp) { $0.options?.dscp = 64 },
            Self("options.confirmations", "many", .tcp) { $0.options?.confirmations = 6 },
            Self("options.endpoints", "of another type", .trace) { $0.options?.endpoints = .both },
            Self("options.must_not_connect", "of another type", .dns) { $0.options?.mustNotConnect = true },
            Self("options.server_name", "address", .tls) { $0.options?.serverName = "a b" },
            Self("options.alpn", "empty", .tls) { $0.options?.alpn = [] },
            Self("options.alpn", "blank", .tls) { $0.options?.alpn = ["h 2"] },
            Self("options.certificate_days", "negative", .tls) { $0.options?.certificateDays = -1 },
            Self("options.method", "unknown", .http) { $0.options?.method = "TRACE" },
            Self("options.headers", "line break", .http) { $0.options?.headers = ["X-A": "b\r\nc: d"] },
            Self("options.headers", "no name", .http) { $0.options?.headers = ["a b": "c"] },
            Self("options.headers", "authorization", .http) { $0.options?.headers = ["authorization": "x"] },
            Self("options.headers", "length", .http) { $0.options?.headers = ["Content-Length": "5"] },
            Self("options.body", "of a GET", .http) { $0.options?.body = "x" },
            Self("options.body", "large", .http) {
                $0.options?.method = "POST"
                $0.options?.body = String(repeating: "x", count: 16_385)
            },
            Self("options.basic_secret", "path", .http) { $0.options?.basicSecret = "../token" },
            Self("options.bearer_secret", "hidden", .http) { $0.options?.bearerSecret = ".token" },
            Self("options.bearer_secret", "both", .http) {
                $0.options?.basicSecret = "a"
                $0.options?.bearerSecret = "b"
            },
            Self("options.http_version", "of another type", .tls) { $0.options?.httpVersion = .http2 },
            Self("options.redirects", "many", .http) { $0.options?.redirects = 11 },
            Self("options.expected_headers", "no pattern", .http) { $0.options?.expectedHeaders = ["a": "("] },
            Self("options.body_matches", "no pattern", .http) { $0.options?.bodyMatches = "[a" },
            Self("options.transport", "of another type", .tcp) { $0.options?.transport = .tls },
            Self("options.flows", "many", .trace) { $0.options?.flows = 33 },
            Self("options.hops", "none", .trace) { $0.options?.hops = 0 },
            Self("options.url", "file", .http) { $0.options?.url = "file:///etc/passwd" },
            Self("options.url", "of another type", .tcp) { $0.options?.url = "http://a.example" },
            Self("options.expected_status", "none", .http) { $0.options?.expectedStatus = [] },
            Self("options.expected_status", "99", .http) { $0.options?.expectedStatus = [200, 99] },
            Self("options.body_contains", "empty", .http) { $0.options?.bodyContains = "" },
            Self("options.resolver", "no host", .dns) { $0.options?.resolver = "not a host" },
            Self("options.query", "empty label", .dns) { $0.options?.query = "a..b" },
            Self("options.record_type", "lower case", .dns) { $0.options?.recordType = "a" },
            Self("options.record_type", "unknown", .dns) { $0.options?.recordType = "ANY" },
            Self("options.expected_answer", "line break", .dns) { $0.options?.expectedAnswer = "a\nb" },
        ]
}
