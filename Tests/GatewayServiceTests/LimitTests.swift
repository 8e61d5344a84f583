import Configuration
import Contracts
import EventLoop
import HTTP
import JSON
import JSONRPC
import Testing

@testable import GatewayService

@Suite("Limits", .timeLimit(.minutes(5)))
struct LimitTests {
    private static func settings(_ change: (inout LimitSettings) -> Void) -> LimitSettings {
        var settings = LimitSettings()
        change(&settings)
        return settings
    }

    @Test("let each tenant have its own share, whatever another asks for")
    func tenants() async throws {
        let test = try await SiteCase(
            Self.settings {
                $0.tenant = RateLimit(burst: 20, perSecond: 10)
                $0.person = RateLimit(burst: 1_000, perSecond: 1_000)
            }
        )
        let (noisy, quiet) = (try test.token(of: "noisy"), try test.token(of: "quiet", "q@example.org"))
        var (served, refused) = (0, 0)
        for round in 0..<10 {
            for _ in 0..<100 {
                let answer = await test.ask(.get, "/api/v1/targets", token: noisy)
                if answer.status == 200 { served += 1 } else { refused += 1 }
            }
            // From the same address, and at the same moment.
            #expect(await test.ask(.get, "/api/v1/targets", token: quiet).status == 200, "round \(round)")
            test.advance(by: .seconds(1))
        }
        #expect(served == 20 + 9 * 10)
        #expect(refused == 1_000 - served)
        // Each was told after a while, so that whoever asks again at once waits.
        #expect(test.refusalClock.slept.count == refused)
    }

    @Test("tell what is left, and when to come back")
    func fields() async throws {
        let test = try await SiteCase(Self.settings { $0.person = RateLimit(burst: 3, perSecond: 2) })
        let token = try test.token()
        let answers = [
            await test.ask(.get, "/api/v1/targets", token: token),
            await test.ask(.get, "/api/v1/targets", token: token),
            await test.ask(.get, "/api/v1/targets", token: token),
            await test.ask(.get, "/api/v1/targets", token: token),
        ]
        #expect(answers.map(\.status) == [200, 200, 200, 429])
        #expect(answers.map { $0.fields["ratelimit-remaining"] } == ["2", "1", "0", "0"])
        #expect(answers.map { $0.fields["ratelimit-limit"] } == ["3", "3", "3", "3"])
        #expect(answers.map { $0.fields["ratelimit-reset"] } == ["1", "1", "2", "2"])
        #expect(answers[3].fields["retry-after"] == "1")
        #expect(answers[3].json["code"] == -32_005)
        let rpc = await test.ask(.post, "/rpc", #"{"jsonrpc":"2.0","id":1,"method":"target.list"}"#, token: token)
        #expect(rpc.status == 200)
        #expect(rpc.json["error"]?["data"]?["retry_after_ms"] == 500)
        test.advance(by: .milliseconds(500))
        #expect(await test.ask(.get, "/api/v1/targets", token: token).status == 200)
    }

    @Test("count every call of a batch")
    func batch() async throws {
        let test = try await SiteCase(Self.settings { $0.person = RateLimit(burst: 3, perSecond: 1) })
        let call = #"{"jsonrpc":"2.0","id":1,"method":"target.list"}"#
        let body = "[\(Array(repeating: call, count: 5).joined(separator: ","))]"
        let answer = await test.ask(.post, "/rpc", body, token: try test.token())
        guard case .array(let replies) = answer.json else { return fail("no batch") }
        #expect(replies.filter { $0["result"] != nil }.count == 3)
    }

    @Test("count by address who is not known, and all of a /64 of IPv6 as one")
    func addresses() async throws {
        let test = try await SiteCase(Self.settings { $0.address = RateLimit(burst: 3, perSecond: 1) })
        let bad = "a.b.c"
        for (index, address) in ["[2001:db8::1]:1", "[2001:db8::2]:2", "[2001:db8:0:0:ffff::3]:3"].enumerated() {
            #expect(await test.ask(.get, "/api/v1/targets", token: bad, from: address).status == 401, "\(index)")
        }
        #expect(await test.ask(.get, "/api/v1/targets", token: bad, from: "[2001:db8::4]:1").status == 429)
        let login = #"{"email":"x","password":"y"}"#
        #expect(await test.ask(.post, "/api/v1/auth/login", login, from: "[2001:db8::5]:1").status == 429)
        #expect(await test.ask(.post, "/api/v1/auth/login", login, from: "[2001:db8:0:1::5]:1").status == 401)
        // Who was known before goes on from the same place.
        let token = try test.token()
        #expect(await test.ask(.get, "/api/v1/targets", token: token, from: "198.51.100.1:1").status == 200)
        #expect(await test.ask(.get, "/api/v1/targets", token: token, from: "[2001:db8::6]:1").status == 200)
    }

    @Test("forget who was idle longest, and never know more than so many")
    func memory() {
        var table = BucketTable(RateLimit(burst: 1, perSecond: 1), capacity: 100)
        _ = table.take(1, from: "busy", now: .zero)
        for index in 0..<10_000 {
            _ = table.take(1, from: "\(index)", now: .zero)
            #expect(table.take(1, from: "busy", now: .zero).waitMilliseconds > 0)
            #expect(table.count <= 101)
        }
        #expect(table.take(1, from: "0", now: .zero).waitMilliseconds == 0)
    }

    @Test("fill a bucket at its rate, and no further than it goes")
    func bucket() {
        let limit = RateLimit(burst: 4, perSecond: 2)
        var bucket = RateBucket(limit, now: .zero)
        #expect(bucket.take(4, of: limit, now: .zero).remaining == 0)
        let wait = bucket.take(1, of: limit, now: .milliseconds(100)).waitMilliseconds
        #expect((400...401).contains(wait))
        #expect(bucket.take(1, of: limit, now: .milliseconds(501)).waitMilliseconds == 0)
        #expect(bucket.take(0, of: limit, now: .seconds(100)).remaining == 4)
        // A clock that went back, which this one never does, would give nothing.
        #expect(bucket.take(4, of: limit, now: .seconds(99)).remaining == 0)
    }

    @Test("give places back when a visit ends, and a stream's when its body does")
    func places() async throws {
        let limits = FairLimits(Self.settings { $0.concurrentCalls = 2 })
        var visits = [Visit(), Visit()]
        for visit in visits { try limits.enter(visit) }
        #expect(throws: RPCError.self) { try limits.enter(Visit()) }
        visits.removeLast()
        try limits.enter(visits[0])
        visits[0].leave()
        for _ in 0..<100 { try limits.enter(Visit()) }

        let test = try await SiteCase(Self.settings { $0.concurrentTenantCalls = 1 })
        let token = try test.token()
        let path = "/api/v1/audit/export"
        let request = HTTPRequest(
            method: .get,
            path: path,
            authority: "a",
            fields: ["authorization": "Bearer \(token)"]
        )
        var open: HTTPResponse? = await test.site(request)
        #expect(open?.status == 200)
        #expect(await test.ask(.get, path, token: token).status == 429)
        #expect(await test.ask(.get, path, token: try test.token(of: "other", "o@example.org")).status == 200)
        open = nil
        #expect(await test.ask(.get, path, token: token).status == 200)
    }

    @Test("believe what trusted proxies say of where a request comes from, and nobody else")
    func proxies() throws {
        let proxies = TrustedProxies([try #require(IPNetwork("10.0.0.0/8")), try #require(IPNetwork("fd00::/8"))])
        let cases: [(sender: String, forwarded: [String], host: String)] = [
            ("192.0.2.9:1", ["198.51.100.1"], "192.0.2.9"),
            ("10.0.0.1:1", [], "10.0.0.1"),
            ("10.0.0.1:1", ["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1:1", ["203.0.113.66, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1:1", ["203.0.113.66, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
            ("10.0.0.1:1", ["203.0.113.66", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1:1", ["203.0.113.66, nonsense"], "10.0.0.1"),
            ("10.0.0.1:1", ["203.0.113.66, nonsense, 10.2.2.2"], "10.2.2.2"),
            ("10.0.0.1:1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("[fd00::1]:1", ["[2001:db8::1]:443"], "[2001:db8::1]"),
            ("10.0.0.1:1", ["198.51.100.1:8080"], "198.51.100.1"),
        ]
        for (sender, forwarded, host) in cases {
            var fields = HTTPFields()
            for value in forwarded { fields.append("x-forwarded-for", value) }
            let request = HTTPRequest(
                method: .get,
                path: "/",
                authority: "a",
                fields: fields,
                peer: HTTPPeer(address: sender)
            )
            #expect(proxies.relayed(request).peer.host == host, "\(sender) \(forwarded)")
        }
    }

    @Test("are read from settings, and refuse those that are none")
    func reading() throws {
        let settings = try LimitSettings(
            from: Environment(["GATEWAY_PERSON_RATE": "10", "GATEWAY_ADDRESS_RATE": "5:7", "GATEWAY_MAX_CALLS": "9"])
        )
        #expect(settings.person == RateLimit(burst: 40, perSecond: 10))
        #expect(settings.address == RateLimit(burst: 7, perSecond: 5))
        #expect(settings.concurrentCalls == 9)
        for text in ["0", "-1", "x", "1:0", "1:2:3", ":", "1:"] {
            #expect(throws: ConfigurationError.self) {
                try LimitSettings(from: Environment(["GATEWAY_TENANT_RATE": text]))
            }
        }
    }
}
