import Contracts
import EventLoop
import Foundation
import JSON
import Probing
import TestServers
import Testing

@Suite("Probes over TLS", .timeLimit(.minutes(2)))
final class SecureProbeTests {
    private let server: TLSServer
    private var probes = ProbeCase()

    init() throws {
        server = try TLSServer()
        probes.authorityFile = server.authorityFile
    }

    deinit {
        server.stop()
    }

    private var address: String { "127.0.0.1:\(server.port)" }

    @Test("tls: shows version, protocol, chain and the certificate's end")
    func handshake() async throws {
        let outcome = try await probes.outcome(.tls, address) {
            $0.serverName = "localhost"
            $0.alpn = ["h2", "http/1.1"]
        }
        #expect(outcome.reason == .none)
        #expect(try #require(outcome.latencyMilliseconds) > 0)
        #expect(outcome.text("tls_version") == "TLSv1.3")
        #expect(outcome.text("alpn") == "h2")
        #expect(outcome.text("certificate_subject") == "CN=localhost")
        #expect(outcome.facts["certificate_names"] == .array([.string("localhost")]))
        #expect(outcome.facts["chain_length"] == .int(1))
        let end = try #require(Timestamp(outcome.text("certificate_ends")))
        #expect(Timestamp.now.duration(to: end) > .seconds(23 * 3_600))
    }

    @Test("tls: says what is wrong with a certificate", arguments: ["tls", "http"])
    func distrust(type: String) async throws {
        let type = try #require(CheckType(rawValue: type))
        let name = type == .tls ? "127.0.0.1:\(server.port)" : "https://127.0.0.1:\(server.port)/"
        let other = try await probes.outcome(type, name)
        #expect(other.reason == .certificate)
        #expect(other.text("distrust").contains("IP address mismatch"))
        #expect(other.text("certificate_subject") == "CN=localhost")
        let unknown = try await ProbeCase().outcome(type, name.replacing("127.0.0.1", with: "localhost")) {
            $0.endpoints = .ipv4
        }
        #expect(unknown.reason == .certificate)
        #expect(unknown.text("distrust") == "self-signed certificate")
    }

    @Test("tls, http: fail when the certificate ends too soon", arguments: [CheckType.tls, .http])
    func expiry(type: CheckType) async throws {
        let target = type == .tls ? "localhost:\(server.port)" : "https://localhost:\(server.port)/"
        func reason(_ days: Int) async throws -> FailureReason {
            try await probes.outcome(type, target) {
                $0.endpoints = .ipv4
                $0.certificateDays = days
            }.reason
        }
        #expect(try await reason(0) == .none)
        #expect(try await reason(7) == .certificate)
    }

    @Test("tls: tells who does not speak it, who stalls, and who chooses another protocol")
    func failures() async throws {
        let silent = try await ScriptedServer(.silence)
        probes.timeoutMilliseconds = 500
        #expect(try await probes.outcome(.tls, "127.0.0.1:\(server.plainPort)").reason == .tls)
        let stalled = try await probes.outcome(.tls, silent.address.description)
        #expect(stalled.reason == .timeout)
        #expect(stalled.text("error") == "the TLS handshake took too long")
        #expect(try await probes.outcome(.tls, "127.0.0.1:1").reason == .refused)
        let alien = try await probes.outcome(.tls, address) {
            $0.serverName = "localhost"
            $0.alpn = ["gopher"]
        }
        #expect(alien.reason == .tls)
    }

    @Test("dns: asks over UDP, TCP and TLS", arguments: [DNSTransport.udp, .tcp, .tls])
    func transports(transport: DNSTransport) async throws {
        let names = try await DNSMasq(tlsLike: server)
        defer { names.stop() }
        let resolver = transport == .tls ? names.tlsAddress : names.address
        func outcome(_ expected: String) async throws -> ProbeOutcome {
            try await probes.outcome(.dns, "a.example") {
                $0.resolver = "localhost:\(resolver.port)"
                $0.endpoints = .ipv4
                $0.transport = transport
                $0.expectedAnswer = expected
            }
        }
        let right = try await outcome("192.0.2.1")
        #expect(right.reason == .none)
        #expect(right.text("transport") == transport.rawValue)
        #expect((right.facts["tls_ms"] != nil) == (transport == .tls))
        #expect(try await outcome("192.0.2.2").reason == .dnsAnswer)
    }

    @Test("dns: trusts no resolver over TLS that nobody vouches for")
    func distrustedResolver() async throws {
        let names = try await DNSMasq(tlsLike: server)
        defer { names.stop() }
        let outcome = try await ProbeCase().outcome(.dns, "a.example") {
            $0.resolver = names.tlsAddress.description
            $0.transport = .tls
        }
        #expect(outcome.reason == .certificate)
    }

    @Test(
        "dns: bears whatever a resolver over TLS sends",
        arguments: [
            ("cat /dev/zero", FailureReason.protocolViolation),
            // A program that ends before it has read the question resets the connection.
            ("head -c 3 >/dev/null; printf \\\\0\\\\002ab", .protocolViolation),
            ("head -c 3 >/dev/null", .protocolViolation), ("sleep 5", .timeout),
            ("printf \\\\377\\\\377; sleep 5", .timeout),
        ]
    )
    func hostileResolver(command: String, reason: FailureReason) async throws {
        let program = try await TLSProgram(command, like: server)
        defer { program.stop() }
        probes.timeoutMilliseconds = 1_000
        let outcome = try await probes.outcome(.dns, "a.example") {
            $0.resolver = "localhost:\(program.address.port)"
            $0.endpoints = .ipv4
            $0.transport = .tls
        }
        #expect(outcome.reason == reason)
    }

    @Test("http: sends method, headers, body and secrets, and shows none of them")
    func request() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try "s3cret\n".write(to: directory.appendingPathComponent("token"), atomically: true, encoding: .utf8)
        try "ann:pass".write(to: directory.appendingPathComponent("ann"), atomically: true, encoding: .utf8)
        probes.secretsDirectory = directory.path
        func outcome(_ body: String, _ configure: (inout CheckOptions) -> Void) async throws -> ProbeOutcome {
            try await probes.outcome(.http, "https://localhost:\(server.port)/echo") {
                $0.endpoints = .ipv4
                $0.bodyContains = body
                configure(&$0)
            }
        }
        let posted = try await outcome("PUT Bearer s3cret blue") {
            $0.method = "PUT"
            $0.body = "x"
            $0.headers = ["X-Team": "blue"]
            $0.bearerSecret = "token"
        }
        #expect(posted.reason == .none)
        #expect(!String(decoding: posted.metadata.bytes, as: UTF8.self).contains("s3cret"))
        #expect(try await outcome("GET Basic YW5uOnBhc3M=") { $0.basicSecret = "ann" }.reason == .none)
        let bound = directory.appendingPathComponent("bound")
        try "s3cret\nother.example\n".write(to: bound, atomically: true, encoding: .utf8)
        #expect(try await outcome("") { $0.bearerSecret = "bound" }.reason == .forbidden)
        try "s3cret\nother.example\nlocalhost\n".write(to: bound, atomically: true, encoding: .utf8)
        #expect(try await outcome("Bearer s3cret") { $0.bearerSecret = "bound" }.reason == .none)
        let plain = try await probes.outcome(.http, "http://localhost:\(server.plainPort)/echo") {
            $0.endpoints = .ipv4
            $0.bearerSecret = "token"
        }
        #expect(plain.reason == .forbidden)
        #expect(plain.sent == 0)
        let missing = try await outcome("") { $0.basicSecret = "../token" }
        #expect(missing.reason == .local)
        #expect(missing.sent == 0)
    }

    @Test("http: speaks the version that is demanded", arguments: [HTTPVersion.http1, .http2])
    func versions(version: HTTPVersion) async throws {
        let outcome = try await probes.outcome(.http, "https://localhost:\(server.port)/") {
            $0.endpoints = .ipv4
            $0.httpVersion = version
        }
        #expect(outcome.reason == .none)
        #expect(outcome.text("http_version") == version.rawValue)
        #expect(outcome.text("alpn") == (version == .http2 ? "h2" : "http/1.1"))
    }

    @Test("http: follows as many redirects as it may")
    func redirects() async throws {
        func outcome(_ count: Int) async throws -> ProbeOutcome {
            try await probes.outcome(.http, "https://localhost:\(server.port)/away") {
                $0.endpoints = .ipv4
                $0.redirects = count
            }
        }
        #expect(try await outcome(0).facts["status"] == .int(302))
        let followed = try await outcome(1)
        #expect(followed.facts["status"] == .int(200))
        #expect(followed.facts["redirects"] == .int(1))
    }

    @Test("http: looks at header and body by patterns, and keeps cookies to itself")
    func expectations() async throws {
        let fields = "Content-Length: 9\r\nX-Version: 4.2\r\nX-API-Key: k8\r\nSet-Cookie: id=7"
        let reply = "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\nall is ok"
        let server = try await ScriptedServer(.reply(reply))
        func outcome(_ configure: (inout CheckOptions) -> Void) async throws -> ProbeOutcome {
            try await probes.outcome(.http, server.url(), configure)
        }
        #expect(try await outcome { $0.expectedHeaders = ["x-version": #"^4\."#] }.reason == .none)
        #expect(try await outcome { $0.expectedHeaders = ["x-version": "^5"] }.reason == .httpBody)
        #expect(try await outcome { $0.expectedHeaders = ["x-other": ""] }.reason == .httpBody)
        #expect(try await outcome { $0.bodyMatches = "ok$" }.reason == .none)
        let wrong = try await outcome { $0.bodyMatches = "^ok" }
        #expect(wrong.reason == .httpBody)
        #expect(wrong.text("error") == "the body does not match the pattern")
        let shown = String(decoding: wrong.metadata.bytes, as: UTF8.self)
        #expect(shown.contains("set-cookie: (removed)"))
        #expect(!shown.contains("id=7") && !shown.contains("k8"))
    }
}
