import HTTP
import Lifecycle
import Testing

@Suite("HTTP/1.1 connection", .timeLimit(.minutes(5)))
struct HTTP1ConnectionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Sendable private static func echo(_ request: HTTPRequest) async -> HTTPResponse {
        HTTPResponse(status: 200, contentType: "text/plain", request.body)
    }

    @Test("answers one request after another, and closes when it is asked to")
    func keepAlive() async throws {
        try await withServer(handler: Self.echo) { server in
            let client = try server.client()
            for body in ["a", "bc", ""] {
                await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                let head = await client.readHead()
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(head.contains("content-length: \(body.utf8.count)\r\n"))
                #expect(!head.contains("connection: close"))
                #expect(await client.read(body.utf8.count) == Array(body.utf8))
            }
            let last = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(last.contains("connection: close\r\n"))
        }
    }

    @Test("sends no body where there is none: HEAD, 204 and 304")
    func noBody() async throws {
        let handler: HTTPHandler = { request in
            HTTPResponse(status: Int(request.path.dropFirst()) ?? 200, body: .bytes(Array("hello".utf8)))
        }
        try await withServer(handler: handler) { server in
            let head = try await server.client().exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(head.contains("content-length: 5\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
        }
        try await withServer(handler: { HTTPResponse(status: Int($0.path.dropFirst()) ?? 200) }) { server in
            for status in ["204", "304"] {
                let request = "GET /\(status) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let answer = try await server.client().exchange(request)
                #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
                #expect(!answer.contains("content-length"))
            }
        }
    }

    @Test("streams in chunks, and until the end for 1.0")
    func stream() async throws {
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(Array("hello".utf8))
                    try await writer.write([])
                    try await writer.write(Array("worldworldworldw".utf8))
                }
            )
        }
        try await withServer(handler: handler) { server in
            let answer = try await server.client().exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.contains("transfer-encoding: chunked\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n5\r\nhello\r\n10\r\nworldworldworldw\r\n0\r\n\r\n"))
            let old = try await server.client().exchange("GET / HTTP/1.0\r\n\r\n")
            #expect(!old.contains("chunked"))
            #expect(old.hasSuffix("\r\n\r\nhelloworldworldworldw"))
        }
    }

    @Test("says that it will take a body that waits")
    func expectsContinue() async throws {
        try await withServer(handler: Self.echo) { server in
            let client = try server.client()
            await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            await client.send("hi")
            #expect(await client.readHead().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("answers requests that came together in their order")
    func pipelined() async throws {
        try await withServer(handler: { .text(200, $0.path) }) { server in
            let requests = (0..<5_000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            let client = try server.client()
            async let sent: Void = client.send(requests + "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = await client.readToEnd()
            await sent
            let paths = answer.split(separator: "\r\n\r\n").dropFirst().map { String($0.prefix { $0 != "\n" }) }
            #expect(paths == (0..<5_000).map { "/\($0)" } + ["/end"])
        }
    }

    @Test("runs no request that comes after the last one")
    func afterTheLast() async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            record.add(request.path)
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let text = "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
            _ = try await server.client().exchange(text)
            let answer = try await server.client().exchange(
                "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n" + text
            )
            #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
            #expect(record.all == ["/1"])
        }
    }

    @Test("takes no bytes of a body that is refused for a request")
    func refusedBody() async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            record.add(request.path)
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"
            let hidden = String(repeating: "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", count: 6_000)
            let client = try server.client()
            await client.send(head + hidden)
            _ = await client.readToEnd()
            #expect(record.all == [])
        }
    }

    @Test(
        "refuses and closes",
        arguments: [("Content-Length: 1048577", 413), ("Content-Length: 1\r\nContent-Length: 1", 400)]
    )
    func refuses(fields: String, status: Int) async throws {
        try await withServer(handler: Self.echo) { server in
            let answer = try await server.client().exchange("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("connection: close\r\n"))
        }
    }

    @Test("tells a sender of too much why, though it is still sending")
    func tooLarge() async throws {
        try await withServer(handler: Self.echo) { server in
            for _ in 0..<20 {
                let client = try server.client()
                let body = [UInt8](repeating: 0x78, count: 1 << 20)
                await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(4 << 20)\r\n\r\n")
                await client.send(body)
                await client.send(body)
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test("gives up on a request that comes too slowly, the second one too")
    func slow() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(50)
        try await withServer(limits, handler: Self.echo) { server in
            let client = try server.client()
            #expect(await client.exchange("GET / HT").hasPrefix("HTTP/1.1 408 "))
        }
        try await withServer(limits, handler: Self.echo) { server in
            let client = try server.client()
            await client.send(Self.get)
            _ = await client.readHead()
            #expect(await client.exchange("GET / HT").hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test("closes a connection that never says anything")
    func silent() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(50)
        try await withServer(limits, handler: Self.echo) { server in
            let (silent, unsure) = (try server.client(), try server.client())
            #expect(await silent.readToEnd() == "")
            #expect(await unsure.exchange("PRI * HTTP/2.0\r\n") == "")
        }
    }

    @Test("leaves what does not ask for a protocol that it speaks at HTTP/1.1")
    func otherUpgrade() async throws {
        try await withServer(handler: Self.echo) { server in
            let fields = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            let client = try server.client()
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            #expect(await client.readHead().hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("gives both directions to whoever accepts an upgrade")
    func tunnel() async throws {
        let handler: HTTPHandler = { request in
            guard request.upgrade == "echo" else { return .text(426, "") }
            return HTTPResponse(
                status: 101,
                body: .tunnel { tunnel in
                    while let bytes = try await tunnel.read() { try await tunnel.write(bytes) }
                }
            )
        }
        try await withServer(handler: handler) { server in
            let client = try server.client()
            await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst")
            let head = await client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(head.contains("upgrade: echo\r\n"))
            #expect(await client.read(5) == Array("first".utf8))
            await client.send("second")
            #expect(await client.read(6) == Array("second".utf8))
            client.finishSending()
            #expect(await client.readToEnd() == "")
        }
    }
}
