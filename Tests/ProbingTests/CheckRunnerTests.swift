import Contracts
import EventLoop
import JSON
import Probing
import Synchronization
import TestServers
import Testing

@Suite("Check runner")
struct CheckRunnerTests {
    private static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    private static let sick = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"

    /// A server whose first answers are failures.
    private func server(failing count: Int) async throws -> ScriptedServer {
        let left = Mutex(count)
        return try await ScriptedServer { _ in
            left.withLock { left in
                left -= 1
                return .reply(left >= 0 ? Self.sick : Self.fine)
            }
        }
    }

    @Test("takes one failure for no failure, and says that there was one")
    func passing() async throws {
        let server = try await server(failing: 1)
        let outcome = try #require(try await ProbeCase().runs(1, .http, server.url()).first).outcome
        #expect(outcome.status == .success)
        #expect(outcome.facts["retries"] == .int(1))
        #expect(outcome.text("first_reason") == "http_status")
        #expect(outcome.sent == 2)
    }

    @Test("believes a failure after three more, and then at once, until it is over")
    func lasting() async throws {
        let server = try await server(failing: 5)
        let outcomes = try await ProbeCase().runs(4, .http, server.url()).map(\.outcome)
        #expect(outcomes.map(\.reason) == [.httpStatus, .httpStatus, .none, .none])
        #expect(outcomes.map(\.sent) == [4, 1, 1, 1])
        #expect(outcomes[0].facts["retries"] == .int(3))
        #expect(outcomes[1].facts["retries"] == nil)
        #expect(await server.heads.count == 7)
    }

    @Test("looks again as often as it is told to, and not at what cannot change")
    func confirmations() async throws {
        let server = try await server(failing: 9)
        _ = try await ProbeCase().runs(1, .http, server.url()) { $0.confirmations = 1 }
        #expect(await server.heads.count == 2)
        let forbidden = try await ProbeCase().runs(1, .icmp, "169.254.169.254")
        #expect(forbidden[0].outcome.reason == .forbidden)
        #expect(forbidden[0].outcome.sent == 0)
        #expect(forbidden[0].outcome.facts["retries"] == nil)
    }

    @Test("makes a result of each family and of each address, as it is asked to")
    func endpoints() async throws {
        let listener = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0))
        let port = Int(try TCPSocket.localAddress(of: listener).port)
        let both = try await ProbeCase().results(.tcp, "localhost") {
            $0.port = port
            $0.endpoints = .both
        }
        let reasons = Dictionary(uniqueKeysWithValues: both.map { ($0.endpoint, $0.outcome.reason) })
        #expect(reasons == ["ipv4": .none, "ipv6": .refused])
        let all = try await ProbeCase().results(.tcp, "localhost") {
            $0.port = port
            $0.endpoints = .all
        }
        #expect(Set(all.map(\.endpoint)) == ["127.0.0.1", "::1"])
        let one = try await ProbeCase().results(.tcp, "localhost") {
            $0.port = port
            $0.endpoints = .ipv6
        }
        #expect(one.map(\.endpoint) == [""])
        #expect(one.map(\.outcome.reason) == [.refused])
        withExtendedLifetime(listener.number) {}
    }

    @Test("says that a family is missing, beside the one that is there")
    func missingFamily() async throws {
        let results = try await ProbeCase().results(.icmp, "127.0.0.1") { $0.endpoints = .both }
        let reasons = Dictionary(uniqueKeysWithValues: results.map { ($0.endpoint, $0.outcome.reason) })
        #expect(reasons["ipv6"] == .resolve)
        #expect(reasons["ipv4"] != .resolve)
    }

    @Test("takes an answer for the failure where there must be none")
    func mustNotConnect() async throws {
        let listener = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0))
        let address = try TCPSocket.localAddress(of: listener).description
        let reached = try await ProbeCase().outcome(.tcp, address) { $0.mustNotConnect = true }
        #expect(reached.status == .error)
        #expect(reached.reason == .unexpectedReach)
        let once = try await ProbeCase().runs(1, .tcp, address) { $0.mustNotConnect = true }
        #expect(once[0].outcome.facts["retries"] == nil)
        let closed = try await ProbeCase().outcome(.tcp, "127.0.0.1:1") { $0.mustNotConnect = true }
        #expect(closed.status == .success)
        #expect(closed.text("kept_out_by") == "refused")
        #expect((closed.sent, closed.received) == (0, 0))
        let sick = try await server(failing: 1)
        let answering = try await ProbeCase().outcome(.http, sick.url()) { $0.mustNotConnect = true }
        #expect(answering.reason == .unexpectedReach)
        let unknown = try await ProbeCase().outcome(.tcp, "no-such-name.invalid") { $0.mustNotConnect = true }
        #expect(unknown.reason == .resolve)
        withExtendedLifetime(listener.number) {}
    }
}
