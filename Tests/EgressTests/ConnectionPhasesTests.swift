import EventLoop
import TLS
import Testing

@testable import Egress

@Suite("What is said on a connection, without one")
struct ConnectionPhasesTests {
    private static let time: Int64 = 1_800_000_000

    /// A server in memory, and a clock that the test turns.
    private final class Server {
        let client: TLSContext
        let session: TLSSession
        var now: UInt64 = 5_000_000_000
        private(set) var heard: [UInt8] = []
        private let scratch = TLSScratch(byteCount: 4_096)

        init(lifetime: Duration = .seconds(3_600)) throws {
            let authority = try CertificateAuthority.make(
                trustDomain: "test",
                key: .ed25519(),
                startingAt: ConnectionPhasesTests.time
            ).authority
            let key = try PrivateKey.ed25519()
            let leaf = try authority.issue(
                uris: [],
                dnsNames: ["web"],
                for: key,
                lifetime: lifetime,
                startingAt: ConnectionPhasesTests.time
            )
            client = try TLSContext.inspector(authorities: [authority.certificate])
            session = try TLSSession(.publicServer(chain: [leaf], key: key))
        }

        /// Takes what a client says; returns what is said to that.
        func answer(_ phases: inout ConnectionPhases) throws -> [UInt8] {
            try phases.speak()
            let bytes = phases.output
            phases.output = []
            _ = try session.receive(bytes.span, scratch: scratch) { plaintext in
                for index in plaintext.indices { heard.append(plaintext[index]) }
            }
            defer { session.output = [] }
            return session.output
        }

        func say(_ text: String) throws -> [UInt8] {
            try session.send(Array(text.utf8).span)
            defer { session.output = [] }
            return session.output
        }

        func transfer(at time: Int64 = ConnectionPhasesTests.time) throws -> HTTPTransfer {
            HTTPTransfer(
                EgressRequest("GET", "https://web/"),
                try EgressURL("https://web/"),
                to: .loopback,
                context: client,
                time: time,
                on: nil
            )
        }
    }

    private static let page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

    /// Shakes hands, a millisecond for each step.
    private static func shaken(_ server: Server, _ transfer: HTTPTransfer) throws -> ConnectionPhases {
        var phases = try transfer.phases { server.now }
        server.now += 1_000_000
        try phases.connected()
        let flight = try server.answer(&phases)
        server.now += 2_000_000
        try phases.receive(flight.span)
        _ = try server.answer(&phases)
        return phases
    }

    @Test("takes the time of each phase by the clock that it is given")
    func times() throws {
        let server = try Server()
        let transfer = try server.transfer()
        var phases = try Self.shaken(server, transfer)
        #expect(String(decoding: server.heard, as: UTF8.self).hasPrefix("GET / HTTP/1.1\r\nHost: web\r\n"))
        server.now += 3_000_000
        let first = try server.say(String(Self.page.prefix(20)))
        try phases.receive(first.span)
        #expect(!phases.isOver)
        server.now += 4_000_000
        let rest = try server.say(String(Self.page.dropFirst(20)))
        try phases.receive(rest.span)
        #expect(phases.isOver)
        let times = phases.report.times
        #expect((times.connect, times.tls, times.firstByte, times.total) == (1_000, 2_000, 3_000, 10_000))
        let response = transfer.response(phases.report)
        #expect((response.status, response.body) == (200, Array("hi".utf8)))
        #expect(response.inspection?.distrust == nil)
    }

    @Test("is not concerned with what follows a whole answer")
    func after() throws {
        let server = try Server()
        let transfer = try server.transfer()
        var phases = try Self.shaken(server, transfer)
        // A record that cannot be decrypted.
        let bytes = try server.say(Self.page) + [23, 3, 3, 0, 20] + [UInt8](repeating: 7, count: 20)
        try phases.receive(bytes.span)
        #expect(phases.isOver)
        #expect(transfer.response(phases.report).status == 200)
    }

    @Test("says what it waited for")
    func timeouts() throws {
        let server = try Server()
        var phases = try server.transfer().phases { server.now }
        #expect(phases.timeout.message == "no answer to a connection attempt in time")
        try phases.connected()
        #expect(phases.timeout.message == "the TLS handshake took too long")
        phases = try Self.shaken(server, server.transfer())
        #expect(phases.timeout.message == "no answer in time")
        server.now += 1_000_000
        let error = phases.failure(phases.timeout)
        #expect((error.times.connect, error.times.tls, error.times.total) == (1_000, 2_000, 4_000))
        #expect(error.inspection?.certificate.names == ["web"])
        #expect(error.remoteAddress == "127.0.0.1:443")
    }

    @Test("trusts nobody whose certificate has ended by the time that it is given")
    func expired() throws {
        let server = try Server(lifetime: .seconds(60))
        let phases = try Self.shaken(server, server.transfer(at: Self.time + 59))
        #expect(!phases.isOver)
        let later = try Server(lifetime: .seconds(60))
        do {
            _ = try Self.shaken(later, later.transfer(at: Self.time + 61))
            Issue.record("a certificate that has ended was trusted")
        } catch let error as EgressError {
            #expect(error.code == .certificate)
        }
    }

    @Test("tells of an end that comes too early, and why nothing could be sent")
    func ends() throws {
        let server = try Server()
        var phases = try server.transfer().phases { server.now }
        try phases.connected()
        #expect(Self.end(&phases)?.code == .reset)
        phases = try Self.shaken(server, server.transfer())
        #expect(Self.end(&phases)?.code == .protocolViolation)
        let mute = try Server()
        phases = try Self.shaken(mute, mute.transfer())
        phases.stopSending(EgressError(.reset, "the connection broke"))
        #expect(Self.end(&phases)?.message == "the connection broke")
    }

    /// The server sends no more.
    private static func end(_ phases: inout ConnectionPhases) -> EgressError? {
        do throws(EgressError) {
            try phases.ended()
            return nil
        } catch {
            return error
        }
    }
}
