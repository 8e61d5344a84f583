import Contracts
import HTTP
import JSON
import JSONRPC
import Testing

@testable import GatewayService

@Suite("WebSockets of programs", .timeLimit(.minutes(5)))
struct StreamDoorTests {
    /// Signs the administrator in, and makes a token for a program; `body` is what is asked for besides its name.
    private static func program(
        _ test: SiteCase,
        _ body: String = #""role":"viewer""#
    ) async throws -> (token: String, path: String, admin: String) {
        let credentials = #"{"email":"admin@example.org","password":"\#(SiteCase.password)"}"#
        let login = await test.ask(.post, "/api/v1/auth/login", credentials)
        let admin = try #require(login.json["access_token"]?.text)
        let made = await test.ask(.post, "/api/v1/tokens", #"{"name":"wall",\#(body)}"#, token: admin)
        let id = try #require(made.json["details"]?["id"]?.text)
        return (try #require(made.json["token"]?.text), "/api/v1/tokens/\(id)", admin)
    }

    private static func open(
        _ test: SiteCase,
        _ token: String?,
        from address: String = "192.0.2.1:5000"
    ) async -> Answer {
        await test.ask(.connect, "/ws/stream", token: token, with: ["sec-websocket-version": "13"], from: address)
    }

    @Test("are passed on with the token as it was shown, until that is deleted")
    func shown() async throws {
        let test = try await SiteCase()
        let (token, path, admin) = try await Self.program(test)
        // The test has no push: to be passed on is to be told so.
        #expect(await Self.open(test, token).status == 503)
        #expect(test.opened.count == 1)
        let fields = try #require(test.opened.last)
        #expect(fields["authorization"] == "Bearer \(token)")
        #expect(fields["x-forwarded-for"] == "192.0.2.1")
        #expect(await test.ask(.delete, path, token: admin).status == 204)
        #expect(await Self.open(test, token).status == 401)
        #expect(test.opened.count == 1)
        // As it is with other calls that change nothing.
        #expect(try await test.audited().map(\.method) == ["auth.login", "token.create", "token.delete"])
    }

    @Test("need no token in the request, and none but a good one may be there")
    func others() async throws {
        let test = try await SiteCase()
        #expect(await Self.open(test, nil).status == 503)
        #expect(test.opened.last?["authorization"] == nil)
        let person = try test.token(.viewer)
        #expect(await Self.open(test, person).status == 503)
        #expect(test.opened.last?["authorization"] == "Bearer \(person)")
        for bad in ["a.b.c", "sonde_", "sonde_" + String(repeating: "A", count: 43)] {
            #expect(await Self.open(test, bad).status == 401, "\(bad)")
        }
        #expect(test.opened.count == 2)
    }

    @Test("take a token whose scopes are about measurements")
    func scopes() async throws {
        let test = try await SiteCase()
        let (other, _, _) = try await Self.program(test, #""role":"editor","scopes":["target:write"]"#)
        let refused = await Self.open(test, other)
        #expect(refused.status == 403)
        #expect(refused.json["detail"] == "the token's scopes do not cover measurement.follow")
        await #expect(throws: RPCError.self) {
            try await test.streams.exchange(TokenExchange(token: other, address: "192.0.2.1"))
        }
        let (good, _, _) = try await Self.program(test, #""role":"viewer","scopes":["measurement:read"]"#)
        #expect(await Self.open(test, good).status == 503)
        #expect(try await test.streams.exchange(TokenExchange(token: good, address: "")).accessToken.isEmpty == false)
    }

    @Test("count for the token, and what is no token for the address it comes from")
    func limits() async throws {
        var settings = LimitSettings()
        settings.person = RateLimit(burst: 4, perSecond: 1)
        settings.address = RateLimit(burst: 8, perSecond: 1)
        let test = try await SiteCase(settings)
        let (token, _, _) = try await Self.program(test)
        var statuses: [Int] = []
        for _ in 0..<5 { statuses.append(await Self.open(test, token).status) }
        #expect(statuses == [503, 503, 503, 503, 429])
        test.advance(by: .seconds(100))
        let unknown = "sonde_" + String(repeating: "A", count: 43)
        var codes: [RPCError.Code?] = []
        for _ in 0..<9 {
            do {
                _ = try await test.streams.exchange(TokenExchange(token: unknown, address: "198.51.100.1"))
            } catch let error as RPCError {
                codes.append(error.code)
            }
        }
        #expect(codes == Array(repeating: .unauthenticated, count: 8) + [.busy])
        #expect(await Self.open(test, unknown, from: "198.51.100.1:1").status == 429)
        #expect(await Self.open(test, unknown, from: "198.51.100.2:1").status == 401)
        // Who was good lately goes on from there.
        #expect(await Self.open(test, token, from: "198.51.100.1:1").status == 503)
    }

    @Test("get access tokens for API tokens alone, as long as these are good")
    func exchange() async throws {
        let test = try await SiteCase()
        let (token, path, admin) = try await Self.program(test)
        let access = try await test.streams.exchange(TokenExchange(token: token, address: "192.0.2.1")).accessToken
        #expect(await test.ask(.get, "/api/v1/auth/me", token: access).json["role"] == "viewer")
        await #expect(throws: RPCError(.unauthenticated, "the token is no API token")) {
            try await test.streams.exchange(TokenExchange(token: access, address: "192.0.2.1"))
        }
        #expect(await test.ask(.delete, path, token: admin).status == 204)
        await #expect(throws: RPCError(.unauthenticated, "the token is not valid")) {
            try await test.streams.exchange(TokenExchange(token: token, address: "192.0.2.1"))
        }
    }
}

extension JSONValue {
    fileprivate var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
