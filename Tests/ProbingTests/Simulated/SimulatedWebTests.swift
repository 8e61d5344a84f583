import Contracts
import Egress
import EventLoop
import JSON
import Simulation
import Testing

@testable import Probing

@Suite("HTTP and TLS in a simulated network's own time")
struct SimulatedWebTests {
    private static func network(_ link: String = "latency 9ms", _ rest: String = "") -> String {
        """
        seed 5
        vantage here 10.0.0.2 fd00::2
        router r1 10.0.0.1 fd00::1
        host web 10.0.1.10 fd00:1::10 http:80 https:443 http:503=503 http:301=https://web.sim/ tcp:25 tcp:22=filtered
        host odd 10.0.1.11 https:443 certificate=untrusted
        host old 10.0.1.12 https:443 certificate=5d
        link here r1 latency 1ms
        link r1 web \(link)
        link r1 odd latency 9ms
        link r1 old latency 9ms
        \(rest)
        """
    }

    @Test(
        "takes one round trip for each phase",
        arguments: [
            ("http://web/", 40.0, ["connect_ms": 20, "tls_ms": 0, "first_byte_ms": 20]),
            ("https://web/", 60.0, ["connect_ms": 20, "tls_ms": 20, "first_byte_ms": 20]),
            ("https://WEB.sim/", 60.0, ["connect_ms": 20, "tls_ms": 20, "first_byte_ms": 20]),
            ("http://[fd00:1::10]/", 40.0, ["connect_ms": 20, "tls_ms": 0, "first_byte_ms": 20]),
        ]
    )
    func phases(url: String, latency: Double, phases: [String: Int]) throws {
        let rows = try SimulatedRows(Self.network(), .http, of: url)
        #expect(rows.outcomes.count >= 11)
        #expect(rows.reasons == [.none])
        #expect(rows.latencies == [latency])
        for (key, time) in phases { #expect(try rows.values(key).allSatisfy { $0?.milliseconds == Double(time) }) }
    }

    @Test(
        "fails as a real one does",
        arguments: [
            ("http://web:81/", FailureReason.refused, "the connection attempt failed"),
            ("http://web:503/", .httpStatus, "status 503"),
            ("http://web:22/", .timeout, "no answer to a connection attempt in time"),
            ("http://web:25/", .timeout, "no answer in time"),
            ("https://web:25/", .timeout, "the TLS handshake took too long"),
            ("https://odd/", .certificate, "unable to get local issuer certificate"),
            ("https://old/", .certificate, "the certificate ends in 4 days"),
        ]
    )
    func failures(url: String, reason: FailureReason, message: String) throws {
        let rows = try SimulatedRows(Self.network(), .http, of: url) { $0.certificateDays = 30 }
        #expect(rows.outcomes.count >= 11)
        #expect(rows.reasons == [reason])
        #expect(try rows.values("error").allSatisfy { $0 == .string(message) })
    }

    @Test("sends and expects what a check says")
    func options() throws {
        let network = Self.network()
        func reasons(_ configure: (inout CheckOptions) -> Void) throws -> Set<FailureReason> {
            try SimulatedRows(network, .http, of: "http://web/", configure).reasons
        }
        let headers = ["content-type": "^text/"]
        #expect(try reasons { ($0.bodyContains, $0.expectedHeaders) = ("This is web.", headers) } == [.none])
        #expect(try reasons { $0.bodyMatches = "^That" } == [.httpBody])
        #expect(try reasons { ($0.method, $0.expectedStatus) = ("POST", [405]) } == [.none])
        #expect(try reasons { ($0.method, $0.bodyContains) = ("HEAD", "web") } == [.httpBody])
        #expect(try reasons { $0.mustNotConnect = true } == [.unexpectedReach])
        #expect(try reasons { ($0.url, $0.mustNotConnect) = ("http://web:81/", true) } == [.none])
        #expect(try reasons { $0.basicSecret = "password" } == [.local])
    }

    @Test("follows redirects within the time of the check, and into TLS")
    func redirects() throws {
        let rows = try SimulatedRows(Self.network(), .http, of: "http://web:301/") { $0.redirects = 1 }
        #expect(rows.latencies == [100])
        #expect(try rows.values("redirects").allSatisfy { $0 == .int(1) })
        let plain = try SimulatedRows(Self.network(), .http, of: "http://web:301/")
        #expect(try plain.values("status").allSatisfy { $0 == .int(302) })
        let short = try SimulatedRows(Self.network(), .http, of: "http://web:301/", timeout: 90) { $0.redirects = 1 }
        #expect(short.reasons == [.timeout])
    }

    @Test("shows what is lost as the time that it takes to be sent again")
    func loss() throws {
        let rows = try SimulatedRows(
            Self.network("latency 9ms loss 5%"),
            .http,
            of: "http://web/",
            timeout: 30_000,
            for: .seconds(3_000)
        )
        #expect(rows.reasons == [.none])
        // Each retransmission waits for one second, the next for two.
        for latency in rows.latencies {
            let rest = latency.truncatingRemainder(dividingBy: 1_000)
            #expect(rest == 40 || rest == 20)
        }
        let slow = rows.outcomes.count { ($0.latencyMilliseconds ?? 0) > 1_000 }
        // A loss in any of six packets: a quarter of all.
        #expect((rows.outcomes.count / 8..<rows.outcomes.count / 2).contains(slow))
    }

    @Test(
        "says in which phase a connection fell into a black hole",
        arguments: [
            (0, "no answer to a connection attempt in time"), (30, "the TLS handshake took too long"),
            (50, "no answer in time"),
        ]
    )
    func blackHole(milliseconds: Int, message: String) throws {
        func rows(_ fault: String) throws -> SimulatedRows {
            let network = Self.network("latency 9ms", fault)
            return try SimulatedRows(network, .http, of: "https://web/", every: 60_000, for: .seconds(70))
        }
        let first = try #require(try rows("").outcomes.first).startedAt
        let hole = (first.microseconds - SimulatedRows.start.microseconds) / 1_000 + Int64(milliseconds)
        let fallen = try rows("fault r1 web loss 100% from \(hole)ms to \(hole + 10_000)ms")
        #expect(fallen.outcomes.first?.reason == .timeout)
        #expect(try fallen.values("error").first == .string(message))
    }

    @Test("says what it sees of a certificate, at the time of the network")
    func certificates() throws {
        let trusted = try SimulatedRows(Self.network(), .tls, of: "web.sim")
        #expect(trusted.reasons == [.none])
        #expect(trusted.latencies == [40])
        #expect(try trusted.values("certificate_days").allSatisfy { $0?.milliseconds == 90 })
        #expect(try SimulatedRows(Self.network(), .tls, of: "odd").reasons == [.certificate])
        #expect(try SimulatedRows(Self.network(), .tls, of: "old") { $0.certificateDays = 6 }.reasons == [.certificate])
        #expect(try SimulatedRows(Self.network(), .tls, of: "old") { $0.certificateDays = 4 }.reasons == [.none])
        #expect(try SimulatedRows(Self.network(), .tls, of: "web") { $0.serverName = "odd" }.reasons == [.certificate])
        #expect(try SimulatedRows(Self.network(), .tls, of: "10.0.1.10").reasons == [.none])
        #expect(try SimulatedRows(Self.network(), .tls, of: "web") { $0.alpn = ["h2"] }.reasons == [.tls])
        #expect(try SimulatedRows(Self.network(), .tls, of: "web") { $0.alpn = ["http/1.1"] }.reasons == [.none])
        // Six days later it has ended.
        let later = try SimulatedRows(Self.network(), .tls, of: "old", every: 3_600_000, for: .seconds(6 * 86_400))
        #expect(later.outcomes.first?.reason == FailureReason.none)
        #expect(later.outcomes.last?.reason == .certificate)
        #expect(try later.values("error").last == .string("certificate has expired"))
    }

    @Test("makes the same rows of the same seed, whatever the keys", arguments: ["https://web/", "https://odd/"])
    func repeatable(url: String) throws {
        // Every byte counts on a slow link, and a lost one is sent again.
        let text = Self.network("latency 5ms..9ms loss 2% rate 256kbit", "link here odd latency 2ms rate 64kbit")
        let rows = try SimulatedRows(text, .http, of: url, for: .seconds(1_200))
        #expect(rows.outcomes.count > 220)
        let again = try SimulatedRows(text, .http, of: url, for: .seconds(1_200))
        #expect(again.outcomes == rows.outcomes)
        #expect(again.fates == rows.fates)
    }

    @Test("closes what it opens: every packet comes to an end, and nobody sends for ever")
    func packets() throws {
        let rows = try SimulatedRows(Self.network(), .http, of: "http://web/", every: 20_000, for: .seconds(70))
        #expect(rows.fates.allSatisfy { $0.outcome == .delivered })
        let flows = Dictionary(grouping: rows.fates) { $0.source.description }.mapValues(\.count)
        // A handshake, a request and its answer, and both ends: SYN, ACK, data, ACK, FIN, ACK from here.
        #expect(flows["10.0.0.2"] == rows.outcomes.count * 6)
        #expect(flows["10.0.1.10"] == rows.outcomes.count * 5)
    }

    @Test("refuses what needs a kernel, and hosts that are none")
    func refusals() throws {
        #expect(throws: EgressError.self) { try SimulatedRows(Self.network(), .http, of: "http://nobody/") }
        #expect(throws: EgressError.self) { try SimulatedRows(Self.network(), .http, of: "ftp://web/") }
        #expect(throws: EgressError.self) { try SimulatedRows(Self.network(), .host, of: "web") }
        #expect(throws: EgressError.self) {
            try SimulatedRows(Self.network(), .http, of: "http://web/") { $0.httpVersion = .http2 }
        }
        #expect(throws: EgressError.self) { try SimulatedRows(Self.network(), .tls, of: "web", at: "nowhere") }
    }
}

extension JSONValue {
    /// A number, of whatever kind.
    fileprivate var milliseconds: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
