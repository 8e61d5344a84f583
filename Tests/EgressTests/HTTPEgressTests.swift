import Egress
import EventLoop
import Glibc
import Synchronization
import TestServers
import Testing

@Suite("HTTPEgress")
struct HTTPEgressTests {
    private let egress: EgressCase

    init() throws { egress = try EgressCase() }

    private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word:  spaced \r\n\r\nhello"

    @Test("brings status, headers, body, times and address of a response")
    func plain() async throws {
        let server = try await ScriptedServer(.reply(Self.hello))
        let response = try await egress.perform(EgressRequest("GET", server.url())).get()
        #expect(response.status == 200)
        #expect(response.httpVersion == "1.1")
        #expect(response.header("x-word") == "spaced")
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
        #expect(!response.isBodyCut)
        #expect(response.remoteAddress == server.address.description)
        #expect(response.times.connect > 0)
        #expect(response.times.firstByte > 0)
        #expect(response.times.total >= response.times.connect + response.times.firstByte)
    }

    @Test("sends method, headers and body as given")
    func request() async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 204 No Content\r\n\r\n"))
        var request = EgressRequest("POST", server.url("/hook?a=b"))
        request.headers = [EgressHeader("X-One", "1"), EgressHeader("Content-Type", "application/json")]
        request.body = Array("{}".utf8)
        #expect(try await egress.perform(request).get().status == 204)
        let head = try #require(await server.heads.first)
        #expect(head.hasPrefix("POST /hook?a=b HTTP/1.1\r\n"))
        for line in ["X-One: 1", "Content-Type: application/json", "Content-Length: 2", "User-Agent: sonde"] {
            #expect(head.contains("\r\n\(line)\r\n"))
        }
        #expect(!head.contains("Expect"))
    }

    @Test(
        "says that a body is empty where one is expected",
        arguments: [("POST", true), ("GET", false), ("DELETE", false)]
    )
    func emptyBody(method: String, isSaid: Bool) async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 204 No Content\r\n\r\n"))
        _ = try await egress.perform(EgressRequest(method, server.url())).get()
        #expect(await server.heads.first?.contains("Content-Length: 0\r\n") == isSaid)
    }

    @Test("resolves a name, and connects to what it resolved to")
    func named() async throws {
        let server = try await ScriptedServer(.reply(Self.hello))
        let response = try await egress.perform(EgressRequest("GET", "http://localhost:\(server.address.port)/")).get()
        #expect(response.remoteAddress == server.address.description)
        let head = try #require(await server.heads.first)
        #expect(head.contains("Host: localhost:\(server.address.port)"))
    }

    @Test("refuses addresses that the policy forbids, in whichever way they are written")
    func forbidden() async throws {
        let urls = [
            "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
            "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://0.0.0.0/", "http://224.0.0.1/",
        ]
        for url in urls {
            #expect(try await egress.failure(EgressRequest("GET", url))?.code == .forbidden, "\(url)")
        }
        let local = try await egress.failure(EgressRequest("GET", "http://localhost/"), policy: .global)
        #expect(local?.code == .forbidden)
    }

    @Test("keeps the start of an endless body, and ends the transfer")
    func endlessBody() async throws {
        let tenGigabytes = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
        let block = String(repeating: "x", count: 65_536)
        let server = try await ScriptedServer(.endless(tenGigabytes, block))
        var request = EgressRequest("GET", server.url())
        request.maximumBodyBytes = 100_000
        let response = try await egress.perform(request).get()
        #expect(response.body.count == 100_000)
        #expect(response.isBodyCut)
        #expect(await server.bytesSent < 20_000_000)
    }

    @Test("gives up on endless headers")
    func endlessHeaders() async throws {
        let server = try await ScriptedServer(.endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"))
        #expect(try await egress.failure(EgressRequest("GET", server.url()))?.code == .protocolViolation)
    }

    @Test("gives up on endless interim responses")
    func endlessInterim() async throws {
        let server = try await ScriptedServer(.endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"))
        #expect(try await egress.failure(EgressRequest("GET", server.url()))?.code == .protocolViolation)
    }

    @Test("leaves a compressed body compressed")
    func gzipBomb() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
        let server = try await ScriptedServer(.reply(head + "zip!"))
        let response = try await egress.perform(EgressRequest("GET", server.url())).get()
        #expect(String(decoding: response.body, as: UTF8.self) == "zip!")
        #expect(await server.heads.first?.contains("Accept-Encoding") == false)
    }

    @Test(
        "keeps to its time, whatever the server does",
        arguments: [
            // A header whose end would take a minute to come.
            ScriptedServer.Script.silence, .drip("HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 60_000)),
        ]
    )
    func timeout(script: ScriptedServer.Script) async throws {
        let server = try await ScriptedServer(script)
        let error = try await egress.failure(EgressRequest("GET", server.url(), timeout: .milliseconds(150)))
        #expect(error?.code == .timeout)
        #expect(error?.remoteAddress == server.address.description)
        #expect((error?.times.connect ?? 0) > 0)
    }

    @Test("tells a refused connection from a reset one and from no answer")
    func failures() async throws {
        let unused = try TCPSocket.localAddress(of: TCPSocket.listen(on: SocketAddress(.loopback, port: 0)))
        #expect(try await egress.failure(EgressRequest("GET", "http://\(unused)/"))?.code == .refused)
        let closing = try await ScriptedServer(.close)
        #expect(try await egress.failure(EgressRequest("GET", closing.url()))?.code == .protocolViolation)
        let resetting = try await ScriptedServer(.reset)
        #expect(try await egress.failure(EgressRequest("GET", resetting.url()))?.code == .reset)
        let garbling = try await ScriptedServer(.reply("SSH-2.0-OpenSSH\r\n"))
        #expect(try await egress.failure(EgressRequest("GET", garbling.url()))?.code == .protocolViolation)
        #expect(try await egress.failure(EgressRequest("GET", "http://no-such-name.invalid/"))?.code == .resolve)
    }

    @Test("takes a redirect for a response unless told to follow")
    func redirectAsResponse() async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n"))
        let response = try await egress.perform(EgressRequest("GET", server.url())).get()
        #expect(response.status == 302)
        #expect(response.redirect == server.url("/there"))
    }

    @Test("follows redirects, but not round and round, and not to where it may not go")
    func redirects() async throws {
        let server = try await ScriptedServer { head in
            if head.hasPrefix("GET /start") { return .reply("HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n") }
            if head.hasPrefix("GET /end") { return .reply(Self.hello) }
            if head.hasPrefix("GET /inside") {
                return .reply("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n")
            }
            if head.hasPrefix("GET /file") {
                return .reply("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n")
            }
            return .reply("HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n")
        }
        func request(_ path: String) -> EgressRequest {
            var request = EgressRequest("GET", server.url(path))
            request.maximumRedirects = 5
            return request
        }
        #expect(try await egress.perform(request("/start")).get().status == 200)
        #expect(try await egress.failure(request("/loop"))?.code == .tooManyRedirects)
        #expect(try await egress.failure(request("/inside"))?.code == .forbidden)
        #expect(try await egress.failure(request("/file"))?.code == .badRequest)
    }

    @Test("does not show one host what was meant for another")
    func redirectWithSecret() async throws {
        let other = try await ScriptedServer(.reply(Self.hello))
        let location = other.url("/x")
        let server = try await ScriptedServer(.reply("HTTP/1.1 307 Moved\r\nLocation: \(location)\r\n\r\n"))
        var request = EgressRequest("GET", server.url())
        request.headers = [EgressHeader("Authorization", "Bearer secret"), EgressHeader("Host", "secret.example")]
        request.maximumRedirects = 1
        _ = try await egress.perform(request).get()
        #expect(await server.heads.first?.contains("secret") == true)
        #expect(await other.heads.first?.contains("secret") == false)
    }

    @Test("refuses to say twice how long a body is")
    func doubleLength() async throws {
        var request = EgressRequest("POST", "http://127.0.0.1/")
        request.headers = [EgressHeader("Transfer-Encoding", "chunked")]
        #expect(try await egress.failure(request)?.code == .badRequest)
    }

    @Test("refuses what would end a header line of its own making")
    func injection() async throws {
        var request = EgressRequest("GET", "http://127.0.0.1/")
        request.headers = [EgressHeader("X-A", "b\r\nX-C: d")]
        #expect(try await egress.failure(request)?.code == .badRequest)
        #expect(
            try await egress.failure(EgressRequest("GET / HTTP/1.1\r\nX", "http://127.0.0.1/"))?.code == .badRequest
        )
    }

    @Test("ends the transfer when its task is cancelled")
    func cancel() async throws {
        let server = try await ScriptedServer(.silence)
        let request = EgressRequest("GET", server.url(), timeout: .seconds(3_600))
        let result = try await withThrowingTaskGroup(of: Result<EgressResponse, EgressError>.self) {
            [loop = egress.loop] group in
            group.addTask { try await EgressCase.perform(request, on: loop) }
            group.cancelAll()
            return try await group.next()
        }
        #expect(throws: EgressError.self) { try result?.get() }
    }

    @Test("takes an answer that comes before the request is read")
    func early() async throws {
        let server = try await ScriptedServer(.reply("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"))
        var request = EgressRequest("POST", server.url())
        request.body = [UInt8](repeating: 0x78, count: 8 << 20)
        #expect(try await egress.perform(request).get().status == 413)
    }

    @Test("asks once more when a server sends the request back unread, and then no more")
    func unread() async throws {
        let settings = "\0\0\0\u{4}\0\0\0\0\0"
        let goodbye = "\0\0\u{8}\u{7}\0\0\0\0\0" + String(repeating: "\0", count: 8)
        let response = "\0\0\u{5}\u{1}\u{5}\0\0\0\u{1}\u{8}\u{3}200"
        func outcome(refusals: Int) async throws -> (Result<EgressResponse, EgressError>, requests: Int) {
            let count = Mutex(0)
            let server = try await ScriptedServer { _ in
                let isRefused = count.withLock { count in
                    count += 1
                    return count <= refusals
                }
                return .reply(settings + (isRefused ? goodbye : response))
            }
            var request = EgressRequest("GET", server.url())
            request.version = .http2
            return (try await egress.perform(request), count.withLock { $0 })
        }
        let once = try await outcome(refusals: 1)
        #expect(try once.0.get().status == 200)
        #expect(once.requests == 2)
        let twice = try await outcome(refusals: 2)
        #expect(throws: EgressError.self) { try twice.0.get() }
        #expect(twice.requests == 2)
    }

}
