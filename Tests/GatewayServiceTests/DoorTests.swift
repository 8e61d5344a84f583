import Contracts
import EventLoop
import HTTP
import JSON
import JSONRPC
import Testing

@testable import GatewayService

@Suite("The door", .timeLimit(.minutes(5)))
struct DoorTests {
    @Test("lets in what is meant for this host", arguments: ["sonde.example", "SONDE.example:8443", "[::1]:8080"])
    func hosts(authority: String) async throws {
        let test = try await SiteCase(hosts: ["sonde.example", "[::1]:8080"])
        #expect(await test.ask(.get, "/", authority: authority).status == 200)
    }

    @Test(
        "keeps out what is not",
        arguments: ["evil.example", "sonde.example.evil.example", "", "[::1]:9", "127.0.0.1"]
    )
    func otherHosts(authority: String) async throws {
        let test = try await SiteCase(hosts: ["sonde.example", "[::1]:8080"])
        for path in ["/", "/api/v1/targets", "/rpc", "/openapi.json"] {
            let answer = await test.ask(.get, path, authority: authority)
            #expect(answer.status == 421)
            #expect(answer.json["status"] == 421)
        }
        #expect(await test.ask(.get, "/healthz", authority: authority).status == 200)
    }

    @Test("changes nothing for a page of another origin")
    func foreignPages() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let body = #"{"address":"a"}"#
        for fields in [
            ["origin": "https://evil.example"], ["origin": "null"], ["sec-fetch-site": "cross-site"],
            ["sec-fetch-site": "same-site"], ["origin": "https://sonde.example.evil.example"],
            ["origin": "https://sonde.example:444"],
        ] as [KeyValuePairs<String, String>] {
            let answer = await test.ask(.post, "/api/v1/targets", body, token: token, with: fields)
            #expect(answer.status == 403, "\(fields)")
            #expect(answer.fields["access-control-allow-origin"] == nil)
        }
        for fields in [
            ["origin": "https://sonde.example", "sec-fetch-site": "same-origin"], ["sec-fetch-site": "none"], [:],
        ] as [KeyValuePairs<String, String>] {
            #expect(
                await test.ask(.post, "/api/v1/targets", body, token: token, with: fields).status == 201,
                "\(fields)"
            )
        }
    }

    @Test("lets the pages of named origins in, without what a browser adds by itself")
    func crossOrigin() async throws {
        let test = try await SiteCase(origins: ["https://tools.example"])
        let token = try test.token()
        let preflight = await test.ask(
            .options,
            "/api/v1/targets",
            with: ["origin": "https://tools.example", "access-control-request-method": "POST"]
        )
        #expect(preflight.status == 204)
        #expect(preflight.fields["access-control-allow-origin"] == "https://tools.example")
        #expect(preflight.fields["access-control-allow-credentials"] == nil)
        #expect(preflight.fields["access-control-allow-methods"]?.contains("PATCH") == true)
        let fields: KeyValuePairs = ["origin": "https://tools.example", "sec-fetch-site": "cross-site"]
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token, with: fields)
        #expect(made.status == 201)
        #expect(made.fields["access-control-allow-origin"] == "https://tools.example")
        #expect(made.fields["vary"]?.contains("origin") == true)
        for origin in [
            "https://evil.example", "https://tools.example.evil.example", "http://tools.example", "null", "*",
        ] {
            let other = await test.ask(
                .options,
                "/api/v1/targets",
                with: ["origin": origin, "access-control-request-method": "POST"]
            )
            #expect(other.fields["access-control-allow-origin"] == nil)
            #expect(other.fields["access-control-allow-methods"] == nil)
        }
    }

    @Test("tells browsers on every answer what they may do with it")
    func securityFields() async throws {
        let test = try await SiteCase(proxies: [try #require(IPNetwork("192.0.2.0/24"))])
        for path in ["/", "/none", "/rpc", "/api/v1/targets", "/api/v1/none", "/openapi.json", "/healthz"] {
            let answer = await test.ask(.get, path)
            #expect(answer.fields["x-content-type-options"] == "nosniff", "\(path)")
            #expect(answer.fields["content-security-policy"]?.contains("frame-ancestors 'none'") == true, "\(path)")
            #expect(answer.fields["content-security-policy"]?.contains("unsafe") == false, "\(path)")
            #expect(answer.fields["referrer-policy"] == "no-referrer", "\(path)")
            #expect(answer.fields["strict-transport-security"] == nil, "\(path)")
            #expect(answer.fields.count(of: "content-security-policy") == 1)
        }
        let behindTLS = await test.ask(.get, "/", with: ["x-forwarded-proto": "https"])
        #expect(behindTLS.fields["strict-transport-security"] != nil)
        let spoofed = await test.ask(.get, "/", with: ["x-forwarded-proto": "https"], from: "198.51.100.1:1")
        #expect(spoofed.fields["strict-transport-security"] == nil)
    }

    @Test(
        "takes no type of body but JSON",
        arguments: [
            "text/plain", "text/plain; application/json", "application/json; charset=utf-16",
            "application/json, text/plain",
            "application/jsonx", "multipart/form-data", "application/json; charset=utf-8; x=y",
        ]
    )
    func types(type: String) async throws {
        let test = try await SiteCase()
        let token = try test.token()
        for (path, body) in [
            ("/api/v1/targets", #"{"address":"a"}"#), ("/rpc", #"{"jsonrpc":"2.0","id":1,"method":"target.list"}"#),
        ] {
            #expect(
                await test.ask(.post, path, body, token: token, with: ["content-type": type]).status == 415,
                "\(type)"
            )
            let good: KeyValuePairs = ["content-type": "Application/JSON; charset=\"UTF-8\""]
            #expect(await test.ask(.post, path, body, token: token, with: good).status < 300)
        }
    }

    @Test(
        "sets nothing that a body does not declare",
        arguments: ["tenant", "role", "created_by", "status", "id", "x"]
    )
    func massAssignment(name: String) async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let answer = await test.ask(.post, "/api/v1/targets", #"{"address":"a","\#(name)":"x"}"#, token: token)
        #expect(answer.status == 400)
        #expect(answer.json["field"] == .string(name))
        let nested = #"{"address":"a","checks":[{"type":"icmp","\#(name)":"x"}]}"#
        let inner = await test.ask(.post, "/api/v1/targets", nested, token: token)
        #expect(inner.json["field"] == .string("checks[0].\(name)"))
        // JSON-RPC passes over what it does not know, and takes nothing from it either.
        let call = #"{"jsonrpc":"2.0","id":1,"method":"target.create","params":{"address":"a","\#(name)":"x"}}"#
        let made = await test.ask(.post, "/rpc", call, token: token)
        #expect(made.json["result"]?["address"] == "a")
        #expect(made.json["result"]?[name] != "x")
    }

    @Test("is not talked into another method, and takes no null for a change")
    func overrides() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        let path = try #require(made.fields["location"])
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            _ = await test.ask(.get, path, token: token, with: [name: "DELETE"])
            _ = await test.ask(.post, path, "{}", token: token, with: [name: "DELETE"])
        }
        #expect(await test.ask(.get, path, query: "_method=DELETE", token: token).status == 400)
        let null = await test.ask(.patch, path, #"{"name":null}"#, token: token)
        #expect(null.status == 400)
        #expect(null.json["field"] == "name")
        #expect(await test.ask(.delete, path, "{}", token: token).status == 400)
        #expect(await test.ask(.get, path, token: token).status == 200)
    }

    @Test("gives every problem the trace that the log has it under")
    func traces() async throws {
        let test = try await SiteCase()
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let fields: KeyValuePairs = ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"]
        for path in ["/none", "/api/v1/none", "/api/v1/targets", "/rpc"] {
            let answer = await test.ask(.get, path, with: fields)
            #expect(answer.status >= 400)
            #expect(answer.fields["content-type"] == "application/problem+json", "\(path)")
            #expect(answer.json["trace_id"] == .string(trace), "\(path)")
            #expect(answer.json["type"] == "about:blank")
        }
    }

    @Test("deletes many at once, and tells what became of each")
    func bulk() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        var ids: [String] = []
        for index in 0..<30 {
            let made = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(index)"}"#, token: token)
            if case .string(let id)? = made.json["id"] { ids.append(id) }
        }
        let unknown = "0190163d-8694-739b-aea5-966c26f8ad91"
        let list = (ids + [unknown]).map { "\"\($0)\"" }.joined(separator: ",")
        let answer = await test.ask(.post, "/api/v1/targets/delete", #"{"ids":[\#(list)]}"#, token: token)
        #expect(answer.status == 200)
        guard case .array(let results)? = answer.json["results"] else { return fail("no results") }
        #expect(results.map { $0["id"] } == (ids + [unknown]).map { .string($0) })
        #expect(results.map { $0["deleted"] } == Array(repeating: true, count: 30) + [false])
        #expect(results.last?["problem"]?["status"] == 404)
        #expect(await test.ask(.get, "/api/v1/targets", token: token).json["targets"] == [])
        let rows = try await test.audited()
        #expect(rows.last?.method == "target.delete_many")
        #expect(rows.last?.ids.count == 31)

        let viewer = try test.token(.viewer, "v@example.org")
        #expect(await test.ask(.post, "/api/v1/targets/delete", #"{"ids":[\#(list)]}"#, token: viewer).status == 403)
        let many = Array(repeating: "\"\(unknown)\"", count: 1_001).joined(separator: ",")
        for body in [
            #"{"ids":[]}"#, "{}", #"{"ids":["x"]}"#, #"{"ids":["\#(unknown)","\#(unknown)"]}"#, #"{"ids":[\#(many)]}"#,
        ] {
            #expect(await test.ask(.post, "/api/v1/targets/delete", body, token: token).status == 400)
        }
        for noun in ["target", "check", "rule", "receiver", "session"] {
            #expect(gatewayMethods.contains { $0.name == "\(noun).delete_many" })
        }
    }
}
