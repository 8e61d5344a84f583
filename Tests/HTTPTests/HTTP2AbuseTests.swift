import HTTP
import Lifecycle
import Testing

@Suite("HTTP/2 under fire", .timeLimit(.minutes(5)))
struct HTTP2AbuseTests {
    private static let calm = 11
    private static let refused = 7

    @Sendable private static func ok(_ request: HTTPRequest) async -> HTTPResponse { .text(200, "ok") }

    /// The code with which the server says goodbye to who sends `frames`; `nil` when it closes without a word.
    private func farewell(_ frames: [Frame]) async throws -> Int? {
        var code: Int?
        try await withServer(handler: Self.ok) { server in
            let client = try await RawHTTP2Client(server)
            await client.send(frames)
            while let frame = await client.next() {
                if frame.kind == .goAway { code = frame.number(at: 4) }
            }
        }
        return code
    }

    @Test("closes on who resets streams faster than is allowed")
    func rapidReset() async throws {
        let frames = (0..<200).flatMap { index in
            let stream = 2 * index + 1
            return [RawHTTP2Client.get("/", stream: stream), Frame(.reset, stream: stream, Array(bigEndian: 8))]
        }
        #expect(try await farewell(frames) == Self.calm)
    }

    @Test("closes on who makes the server reset streams")
    func madeReset() async throws {
        let frames = (0..<200).flatMap { index in
            let stream = 2 * index + 1
            let window = Frame(.windowUpdate, stream: stream, Array(bigEndian: 0x7fff_ffff))
            return [RawHTTP2Client.head("POST", "/", stream: stream), window]
        }
        #expect(try await farewell(frames) == Self.calm)
    }

    @Test(
        "closes on floods of frames that cost nothing",
        arguments: [
            Frame(.ping, [0, 0, 0, 0, 0, 0, 0, 0]), Frame(.settings), Frame(.priority, stream: 1, [0, 0, 0, 0, 1]),
        ]
    )
    func flood(frame: Frame) async throws {
        // libnghttp2 closes by itself, without a word, when it would have to answer too much.
        let code = try await farewell(Array(repeating: frame, count: 2_000))
        #expect(code == Self.calm || code == nil)
    }

    @Test("closes on a flood of empty DATA")
    func emptyData() async throws {
        let frames = [RawHTTP2Client.head("POST", "/", stream: 1)]
        #expect(try await farewell(frames + Array(repeating: Frame(.data, stream: 1), count: 2_000)) == Self.calm)
    }

    @Test("closes on a head that goes on and on")
    func continuations() async throws {
        let part = literals([("x", String(repeating: "y", count: 1_000))])
        let frames =
            [RawHTTP2Client.head("GET", "/", stream: 1, flags: 0)]
            + Array(repeating: Frame(.continuation, stream: 1, part), count: 100)
        #expect(try await farewell(frames) == nil)
    }

    @Test("closes on what is no HTTP/2")
    func noFrames() async throws {
        #expect(try await farewell([Frame(.data, stream: 1, [1])]) == 1)
        #expect(try await farewell([Frame(.headers, flags: 5, stream: 2, literals([]))]) == 1)
        #expect(try await farewell([Frame(.settings, [1])]) == 6)
        #expect(try await farewell([Frame(.headers, flags: 5, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]) == 9)
    }

    @Test("refuses a field that is repeated from the compression table at a byte a time")
    func compressionBomb() async throws {
        try await withServer(handler: Self.ok) { server in
            let client = try await RawHTTP2Client(server)
            // An indexed literal of 4,000 bytes, and then its index again and again.
            let field = [0x40] + hpackString("x") + hpackString(String(repeating: "y", count: 4_000))
            var head = RawHTTP2Client.get("/", stream: 1)
            head.payload += field + [UInt8](repeating: 0xbe, count: 12_000)
            await client.send(head)
            let answer = try #require(await client.next(.headers))
            // A status that is not in the static table, as a literal with Huffman coding or without.
            #expect(answer.payload.first != 0x88)
            await client.send(RawHTTP2Client.get("/", stream: 3))
            #expect(await client.next(.headers)?.stream == 3)
        }
    }

    @Test("counts crumbs of cookies as fields")
    func crumbs() async throws {
        try await withServer(handler: Self.ok) { server in
            let client = try await RawHTTP2Client(server)
            let crumbs = (0..<200).map { _ in ("cookie", "a") }
            await client.send(RawHTTP2Client.get("/", stream: 1, crumbs))
            #expect(await client.next(.headers)?.payload.first != 0x88)
        }
    }

    @Test(
        "resets a stream whose head is malformed",
        arguments: [
            [("connection", "close")], [("transfer-encoding", "chunked")], [("X-Upper", "a")], [("x", "a\r\nb: c")],
            [("x", "a\0b")], [(":path", "/again")], [("te", "gzip")], [("content-length", "5")], [("keep-alive", "1")],
        ]
    )
    func malformed(fields: [(String, String)]) async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            record.add(request.path)
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            await client.send(RawHTTP2Client.get("/", stream: 1, fields))
            #expect(await client.next(.reset)?.number() == 1)
            #expect(record.all == [])
        }
    }

    @Test("counts the handlers of streams that were reset")
    func resetHandlers() async throws {
        let (gate, record) = (Gate(), Record())
        let handler: HTTPHandler = { request in
            record.add("begun")
            await gate.pass()
            return .text(200, "")
        }
        var limits = HTTPLimits()
        limits.concurrentRequests = 4
        try await withServer(limits, handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            for stream in [1, 3, 5, 7] {
                await client.send(
                    RawHTTP2Client.get("/", stream: stream),
                    Frame(.reset, stream: stream, Array(bigEndian: 8))
                )
            }
            await client.send(RawHTTP2Client.get("/", stream: 9))
            #expect(await client.next(.reset)?.number() == Self.refused)
            #expect(record.all.count == 4)
            gate.open()
            _ = await client.roundTrip()
            await client.send(RawHTTP2Client.get("/", stream: 11))
            #expect(await client.next(.headers)?.stream == 11)
        }
    }
}
