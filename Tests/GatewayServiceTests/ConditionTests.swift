import Contracts
import HTTP
import JSON
import Testing

@testable import GatewayService

@Suite("Conditions and pages", .timeLimit(.minutes(5)))
struct ConditionTests {
    @Test("tell a reader that nothing has changed, and what has")
    func entityTags() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        #expect(made.status == 201)
        let path = try #require(made.fields["location"])
        let first = await test.ask(.get, path, token: token)
        let tag = try #require(first.fields["etag"])
        #expect(tag == made.fields["etag"])
        for list in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let again = await test.ask(.get, path, token: token, with: ["if-none-match": list])
            #expect(again.status == 304)
            #expect(again.bytes.isEmpty)
            #expect(again.fields["etag"] == tag)
        }
        #expect(await test.ask(.get, path, token: token, with: ["if-none-match": "\"x\""]).status == 200)
        let list = await test.ask(.get, "/api/v1/targets", token: token)
        let listTag = try #require(list.fields["etag"])
        _ = await test.ask(.patch, path, #"{"name":"b"}"#, token: token)
        #expect(await test.ask(.get, "/api/v1/targets", token: token, with: ["if-none-match": listTag]).status == 200)
    }

    @Test("refuse a change of what is another version by now")
    func changes() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        let (path, tag) = (try #require(made.fields["location"]), try #require(made.fields["etag"]))
        let changed = await test.ask(.patch, path, #"{"name":"b"}"#, token: token, with: ["if-match": tag])
        #expect(changed.status == 200)
        let late = await test.ask(.patch, path, #"{"name":"c"}"#, token: token, with: ["if-match": tag])
        #expect(late.status == 412)
        #expect(await test.ask(.delete, path, token: token, with: ["if-match": tag]).status == 412)
        #expect(await test.ask(.delete, path, token: token, with: ["if-match": "W/\(tag)"]).status == 412)
        let newest = try #require(changed.fields["etag"])
        #expect(await test.ask(.delete, path, token: token, with: ["if-match": "\"x\", \(newest)"]).status == 204)
        #expect(await test.ask(.delete, path, token: token, with: ["if-match": "*"]).status == 404)
    }

    @Test("let one of many win who change or delete the same version at once")
    func race() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        let (path, tag) = (try #require(made.fields["location"]), try #require(made.fields["etag"]))
        let statuses = await withTaskGroup(of: Int.self) { group in
            for index in 0..<20 {
                let (verb, body) = index % 2 == 0 ? (HTTPMethod.patch, #"{"name":"\#(index)"}"#) : (.delete, "")
                group.addTask { await test.ask(verb, path, body, token: token, with: ["if-match": tag]).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 < 300 }.count == 1)
        // Gone altogether, when it was deleted.
        #expect(statuses.filter { $0 == 412 || $0 == 404 }.count == 19)
    }

    @Test("are no matter of who asks for them in the body")
    func hidden() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        let made = await test.ask(.post, "/api/v1/targets", #"{"address":"a"}"#, token: token)
        #expect(await test.ask(.post, "/api/v1/targets", "{}", token: token, with: ["if-match": "*"]).status == 412)
        let path = try #require(made.fields["location"])
        let body = #"{"name":"b","if_updated_at":"2000-01-01T00:00:00Z"}"#
        #expect(await test.ask(.patch, path, body, token: token).status == 412)
    }

    @Test("lead from page to page")
    func pages() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        for index in 0..<5 { _ = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(index)"}"#, token: token) }
        var query: String? = "limit=2"
        var sizes: [Int] = []
        while let current = query {
            let page = await test.ask(.get, "/api/v1/targets", query: current, token: token)
            guard case .array(let targets)? = page.json["targets"] else { break }
            sizes.append(targets.count)
            let link = page.fields["link"]
            #expect((link == nil) == (page.json["next_cursor"] == nil))
            query = link.map { $0.drop { $0 != "?" }.dropFirst().prefix { $0 != ">" } }.map(String.init)
            if let link { #expect(link.hasSuffix("; rel=\"next\"")) }
        }
        #expect(sizes == [2, 2, 1])
    }

    @Test("say what a path may be asked")
    func options() async throws {
        let test = try await SiteCase()
        let paths = [
            "/api/v1/targets": "GET, HEAD, OPTIONS, POST", "/rpc": "OPTIONS, POST", "/healthz": "GET, HEAD, OPTIONS",
        ]
        for (path, allowed) in paths {
            let answer = await test.ask(.options, path)
            #expect(answer.status == 204)
            #expect(answer.fields["allow"] == allowed)
            let other = await test.ask(HTTPMethod(rawValue: "PUT"), path)
            #expect(other.status == 405)
            #expect(other.fields["allow"] == allowed)
            #expect(other.fields["content-type"] == "application/problem+json")
        }
    }

    @Test("come compressed to who takes it, with a tag of their own")
    func compression() async throws {
        let test = try await SiteCase()
        let token = try test.token()
        for index in 0..<20 { _ = await test.ask(.post, "/api/v1/targets", #"{"address":"\#(index)"}"#, token: token) }
        let plain = await test.ask(.get, "/api/v1/targets", token: token)
        let tag = try #require(plain.fields["etag"])
        for (accepted, coding) in [("gzip", "gzip"), ("br, zstd, gzip;q=0.5", "zstd"), ("gzip;q=1, zstd;q=0", "gzip")] {
            let packed = await test.ask(.get, "/api/v1/targets", token: token, with: ["accept-encoding": accepted])
            #expect(packed.fields["content-encoding"] == coding)
            #expect(packed.bytes.count < plain.bytes.count / 3)
            let itsTag = try #require(packed.fields["etag"])
            #expect(itsTag == "\(tag.dropLast())-\(coding)\"")
            #expect(
                await test.ask(.get, "/api/v1/targets", token: token, with: ["if-none-match": itsTag]).status == 304
            )
        }
        for accepted in ["identity", "gzip;q=0", "br"] {
            let same = await test.ask(.get, "/api/v1/targets", token: token, with: ["accept-encoding": accepted])
            #expect(same.fields["content-encoding"] == nil)
            #expect(same.bytes == plain.bytes)
        }
    }

    @Test("never compress what holds a token")
    func secrets() async throws {
        let test = try await SiteCase()
        let login =
            #"{"jsonrpc":"2.0","id":1,"method":"auth.login","params":{"email":"admin@example.org","password":"\#(SiteCase.password)"}}"#
        let batch = "[\(login),\(login)]"
        let answer = await test.ask(.post, "/rpc", batch, with: ["accept-encoding": "gzip"])
        #expect(answer.status == 200)
        #expect(answer.bytes.count > ContentCoding.minimumBytes)
        #expect(answer.fields["content-encoding"] == nil)
    }
}
