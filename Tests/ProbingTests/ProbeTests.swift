import Contracts
import Egress
import EventLoop
import JSON
import Probing
import TestServers
import Testing

@Suite("Probes")
struct ProbeTests {
    /// Runs one probe at a vantage point of its own.
    private func run(
        _ type: CheckType,
        _ address: String,
        policy: AddressPolicy = .standard,
        on loop: EventLoop? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) async throws -> ProbeOutcome {
        var options = CheckOptions()
        configure(&options)
        let loop = try loop ?? Self.startLoop()
        return try await withTaskExecutorPreference(loop) { [options] in
            let vantagePoint = try VantagePoint(on: loop, policy: policy)
            defer { vantagePoint.close() }
            return await vantagePoint.run(type, of: address, timeoutMilliseconds: 500, options: options)[0].outcome
        }
    }

    private static func startLoop() throws -> EventLoop {
        let loop = try EventLoop(name: "probes")
        try loop.start()
        return loop
    }

    private func metadata(_ outcome: ProbeOutcome) throws -> [String: JSONValue] {
        let value = try JSONValue(json: outcome.metadata.bytes[...])
        if case .object(let members) = value { return members }
        return [:]
    }

    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    @Test("icmp: times an echo", .enabled(if: NetworkLoop.isPossible))
    func icmp() async throws {
        let outcome = try await run(.icmp, "127.0.0.1", on: NetworkLoop().loop)
        #expect(outcome.status == .success)
        #expect(try #require(outcome.latencyMilliseconds) > 0)
        #expect(try metadata(outcome)["address"] == .string("127.0.0.1"))
        #expect(try metadata(outcome)["payload_bytes"] != nil)
    }

    @Test("icmp: tells a target without a route from one that is silent", .enabled(if: NetworkLoop.isPossible))
    func icmpFailures() async throws {
        let network = try await NetworkLoop()
        #expect(try await run(.icmp, "192.0.2.1", on: network.loop).reason == .unreachable)
        try await network.set("net/ipv4/icmp_echo_ignore_all", to: "1")
        let silent = try await run(.icmp, "127.0.0.1", on: network.loop)
        #expect(silent.status == .timeout)
        #expect(silent.reason == .timeout)
        #expect(silent.latencyMilliseconds == nil)
    }

    @Test("tcp: times a handshake by the kernel")
    func tcp() async throws {
        let server = try await ScriptedServer(.silence)
        let outcome = try await run(.tcp, server.address.description)
        #expect(outcome.status == .success)
        #expect(try #require(outcome.latencyMilliseconds) > 0)
        #expect(try metadata(outcome)["time_source"] == .string("kernel"))
    }

    @Test("tcp: a closed port is an error at once, not a timeout")
    func tcpRefused() async throws {
        let unused = try TCPSocket.localAddress(of: TCPSocket.listen(on: SocketAddress(.loopback, port: 0)))
        let outcome = try await run(.tcp, "localhost") { $0.port = Int(unused.port) }
        #expect(outcome.status == .error)
        #expect(outcome.reason == .refused)
    }

    @Test("tcp: a listener that takes no more connections is a timeout")
    func tcpTimeout() async throws {
        let listener = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0), backlog: 0)
        let address = try TCPSocket.localAddress(of: listener)
        let first = try TCPSocket.connect(to: address)
        let second = try TCPSocket.connect(to: address)
        let outcome = try await run(.tcp, address.description)
        #expect(outcome.status == .timeout)
        withExtendedLifetime((listener.number, first.number, second.number)) {}
    }

    @Test("http: has the time of every phase")
    func http() async throws {
        let server = try await ScriptedServer(.reply(Self.hello))
        let outcome = try await run(.http, server.url())
        #expect(outcome.status == .success)
        let metadata = try metadata(outcome)
        for key in ["dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "total_ms", "status", "http_version"] {
            #expect(metadata[key] != nil, "\(key)")
        }
    }

    @Test("http: checks status and body")
    func httpExpectations() async throws {
        let server = try await ScriptedServer { head in
            head.hasPrefix("GET /gone") ? .reply("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n") : .reply(Self.hello)
        }
        #expect(try await run(.http, server.url("/gone")).reason == .httpStatus)
        #expect(try await run(.http, server.url("/gone")) { $0.expectedStatus = [404, 410] }.reason == .none)
        #expect(try await run(.http, server.url()) { $0.expectedStatus = [404] }.reason == .httpStatus)
        #expect(try await run(.http, server.url()) { $0.bodyContains = "ell" }.reason == .none)
        let wrongBody = try await run(.http, server.url()) { $0.bodyContains = "world" }
        #expect(wrongBody.reason == .httpBody)
        #expect(wrongBody.status == .error)
        #expect(wrongBody.latencyMilliseconds != nil)
    }

    @Test("http: says what went wrong on the way")
    func httpFailures() async throws {
        let resetting = try await ScriptedServer(.reset)
        #expect(try await run(.http, resetting.url()).reason == .reset)
        let garbling = try await ScriptedServer(.reply("SSH-2.0-x\r\n"))
        #expect(try await run(.http, garbling.url()).reason == .protocolViolation)
        let silent = try await ScriptedServer(.silence)
        #expect(try await run(.http, silent.url()).status == .timeout)
        let tls = try TLSServer()
        defer { tls.stop() }
        #expect(try await run(.http, "https://127.0.0.1:\(tls.port)/").reason == .certificate)
    }

    @Test("dns: brings the answers, and compares them with the expected one")
    func dns() async throws {
        let server = try await NameServer(addresses: [[192, 0, 2, 7], [192, 0, 2, 8]])
        let resolver = server.address.description
        func outcome(_ expected: String?) async throws -> ProbeOutcome {
            try await run(.dns, "a.example") {
                $0.resolver = resolver
                $0.expectedAnswer = expected
            }
        }
        let plain = try await outcome(nil)
        #expect(plain.status == .success)
        #expect(try metadata(plain)["answers"] == .array([.string("A 192.0.2.7"), .string("A 192.0.2.8")]))
        #expect(try metadata(plain)["rcode"] == .string("NOERROR"))
        #expect(try await outcome("192.0.2.8").reason == .none)
        #expect(try await outcome("192.0.2.9").reason == .dnsAnswer)
    }

    @Test("dns: a name that does not exist, and one without such a record, are not the expected answer")
    func dnsNegative() async throws {
        let missing = try await NameServer(addresses: [], responseCode: 3)
        let outcome = try await run(.dns, "a.example") { $0.resolver = missing.address.description }
        #expect(outcome.reason == .dnsAnswer)
        #expect(try metadata(outcome)["rcode"] == .string("NXDOMAIN"))
        let empty = try await NameServer(addresses: [])
        #expect(try await run(.dns, "a.example") { $0.resolver = empty.address.description }.reason == .dnsAnswer)
    }

    @Test("refuses forbidden targets in every type", arguments: CheckType.allCases.filter { $0 != .host })
    func forbidden(type: CheckType) async throws {
        let outcome = try await run(type, "169.254.169.254")
        #expect(outcome.status == .error)
        #expect(outcome.reason == .forbidden)
    }

    @Test("tells a name that does not resolve", arguments: [CheckType.icmp, .tcp, .http])
    func unresolvable(type: CheckType) async throws {
        #expect(try await run(type, "no-such-name.invalid").reason == .resolve)
    }

    @Test(
        "takes a check that makes no sense for an error of its own",
        arguments: ["", "a b", "http://", "file:///etc/passwd", "host:0", "host:99999", "a/b", "user@host"]
    )
    func nonsense(address: String) async throws {
        let outcome = try await run(.tcp, address)
        #expect(outcome.reason == .local)
        #expect(try metadata(outcome)["error"] != nil)
    }

    @Test("keeps metadata short, whatever a server answers")
    func bounded() async throws {
        let server = try await NameServer { question in
            let text = [UInt8](repeating: 0x01, count: 255)
            let record: [UInt8] = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 1, 0, 255] + text
            return Array(question[..<2]) + [0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0] + question[12...] + record
        }
        let outcome = try await run(.dns, "a.example") {
            $0.resolver = server.address.description
            $0.recordType = "TXT"
        }
        #expect(outcome.metadata.bytes.count <= ProbeMetadata.maximumBytes)
        #expect(try metadata(outcome)["answers"] != nil)
    }
}
