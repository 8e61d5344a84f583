import Egress
import EventLoop
import Foundation
import TestServers
import Testing

@Suite("HTTPEgress over TLS")
struct TLSEgressTests {
    private let egress: EgressCase

    init() throws { egress = try EgressCase() }

    /// A response whose body ends with the connection.
    private static func replyFile() throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reply-\(UUID())")
        try "HTTP/1.1 200 OK\r\n\r\nhello".write(to: file, atomically: true, encoding: .utf8)
        return file
    }

    @Test("speaks HTTP/2 over TLS with a server whose certificate it can check")
    func tls() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        var request = EgressRequest("GET", "https://localhost:\(server.port)/")
        request.family = .v4
        let response = try await egress.perform(request, trusting: server.authorityFile).get()
        #expect(response.httpVersion == "2")
        #expect(String(decoding: response.body, as: UTF8.self) == "over tls")
        #expect(response.times.tls > 0)
    }

    @Test("refuses a certificate of another authority, or for another name, unless told not to look")
    func untrusted() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        var request = EgressRequest("GET", "https://localhost:\(server.port)/")
        request.family = .v4
        #expect(try await egress.failure(request)?.code == .certificate)
        request.verifiesCertificate = false
        #expect(try await egress.perform(request).get().status == 200)
        request = EgressRequest("GET", "https://127.0.0.1:\(server.port)/")
        #expect(try await egress.failure(request, trusting: server.authorityFile)?.code == .certificate)
    }

    @Test("speaks the version that is demanded, or says that the server does not")
    func versions() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        var request = EgressRequest("GET", "https://localhost:\(server.port)/")
        request.family = .v4
        for version in [EgressRequest.Version.http1, .http2] {
            request.version = version
            let response = try await egress.perform(request, trusting: server.authorityFile).get()
            #expect(response.httpVersion == version.rawValue)
            #expect(String(decoding: response.body, as: UTF8.self) == "over tls")
        }
        let reply = try Self.replyFile()
        defer { try? FileManager.default.removeItem(at: reply) }
        let old = try await TLSProgram("head -c 3 >/dev/null; cat \(reply.path)", like: server)
        defer { old.stop() }
        request.url = "https://localhost:\(old.address.port)/"
        #expect(try await egress.failure(request, trusting: server.authorityFile)?.code == .protocolViolation)
        request.version = nil
        let response = try await egress.perform(request, trusting: server.authorityFile).get()
        #expect(response.httpVersion == "1.1")
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    }

    @Test("does not take a body over TLS for whole when its end is not said")
    func cutOff() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        let reply = try Self.replyFile()
        defer { try? FileManager.default.removeItem(at: reply) }
        // The process that holds the connection is killed: the parent of the one that runs the shell.
        let kill = "read -r a b c parent d < /proc/$PPID/stat; kill -9 $parent"
        let command = "head -c 3 >/dev/null; cat \(reply.path); sleep 0.2; \(kill)"
        let program = try await TLSProgram(command, like: server)
        defer { program.stop() }
        var request = EgressRequest("GET", "https://localhost:\(program.address.port)/")
        request.family = .v4
        // Killed with something unread, it resets.
        let code = try await egress.failure(request, trusting: server.authorityFile)?.code
        #expect(code == .protocolViolation || code == .reset)
    }

    @Test("sends a large body over TLS", arguments: [EgressRequest.Version.http1, .http2])
    func largeBody(version: EgressRequest.Version) async throws {
        let server = try TLSServer()
        defer { server.stop() }
        var request = EgressRequest("POST", "https://localhost:\(server.port)/length")
        request.family = .v4
        request.version = version
        request.body = [UInt8](repeating: 0x78, count: 300_000)
        let response = try await egress.perform(request, trusting: server.authorityFile).get()
        #expect(String(decoding: response.body, as: UTF8.self) == "300000")
    }

    @Test("takes up authorities that change")
    func rotation() async throws {
        let (old, new) = (try TLSServer(), try TLSServer())
        defer {
            old.stop()
            new.stop()
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("authorities-\(UUID())")
        try FileManager.default.copyItem(atPath: old.authorityFile, toPath: file.path)
        defer { try? FileManager.default.removeItem(at: file) }
        let trust = TrustedAuthorities(file: file.path, lookInterval: .zero)
        let first = try trust.context()
        #expect(try trust.context() === first)
        #expect(try trust.context(protocols: ["h2"]) !== first)
        try FileManager.default.removeItem(at: file)
        try FileManager.default.copyItem(atPath: new.authorityFile, toPath: file.path)
        #expect(try trust.context() !== first)
        try FileManager.default.removeItem(at: file)
        #expect(throws: EgressError.self) { try trust.context() }
    }

    @Test("says so when the other side does not speak TLS")
    func noTLS() async throws {
        let server = try TLSServer()
        defer { server.stop() }
        #expect(try await egress.failure(EgressRequest("GET", "https://127.0.0.1:\(server.plainPort)/"))?.code == .tls)
    }
}
