import EventLoop
import Lifecycle
import Testing

@testable import HTTP

@Suite("WebSocket", .timeLimit(.minutes(5)))
struct WebSocketTests {
    /// Bytes of section 5.7 of RFC 6455, and what they say.
    @Test("reads the examples of the specification")
    func examples() throws {
        let hello = WebSocketMessage(text: Array("Hello".utf8))
        let unmasked: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        let fragments: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]
        #expect(try messages(unmasked, isServer: false) == [hello])
        #expect(try messages(masked, isServer: true) == [hello])
        #expect(try messages(fragments, isServer: false) == [hello])
        for count in [256, 65_536] {
            let length: [UInt8] = count == 256 ? [0x7e, 1, 0] : [0x7f, 0, 0, 0, 0, 0, 1, 0, 0]
            let bytes = [0x82] + length + [UInt8](repeating: 7, count: count)
            #expect(try messages(bytes, isServer: false).map(\.bytes.count) == [count])
        }
    }

    @Test("answers a ping between two fragments with its own bytes")
    func pingBetweenFragments() throws {
        let framing = try WebSocketFraming(isServer: false, maximumMessage: 100)
        try framing.receive([0x01, 0x03, 0x48, 0x65, 0x6c, 0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        let pong = framing.takeOutput()
        #expect(pong.prefix(2) == [0x8a, 0x85])
        #expect(zip(pong[6...], 0...).map { $0 ^ pong[2 + $1 % 4] } == Array("Hello".utf8))
        #expect(framing.nextMessage() == nil)
        try framing.receive([0x80, 0x02, 0x6c, 0x6f])
        #expect(framing.nextMessage() == WebSocketMessage(text: Array("Hello".utf8)))
    }

    @Test("reads the same wherever the bytes are cut")
    func cut() throws {
        let bytes: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x89, 0x01, 0x78, 0x80, 0x02, 0x6c, 0x6f, 0x82, 0x01, 9]
        for cut in bytes.indices {
            let framing = try WebSocketFraming(isServer: false, maximumMessage: 100)
            try framing.receive(Array(bytes[..<cut]))
            try framing.receive(Array(bytes[cut...]))
            #expect(framing.nextMessage()?.bytes == Array("Hello".utf8))
            #expect(framing.nextMessage()?.bytes == [9])
        }
    }

    /// With the code that tells why, or with 0 where libwslay gives none.
    @Test(
        "closes on what breaks the protocol, and says why",
        arguments: [
            ([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], 1_002, "unmasked"),
            ([0xc1, 0x80, 0, 0, 0, 0], 1_002, "a reserved bit"),
            ([0x83, 0x80, 0, 0, 0, 0], 1_002, "a reserved opcode"),
            ([0x80, 0x80, 0, 0, 0, 0], 1_002, "a continuation of nothing"),
            ([0x09, 0x80, 0, 0, 0, 0], 0, "a ping in fragments"),
            ([0x89, 0xfe, 0, 126, 0, 0, 0, 0], 0, "a ping that is too long"),
            ([0x01, 0x81, 0, 0, 0, 0, 0x61, 0x81, 0x81, 0, 0, 0, 0, 0x61], 1_002, "a text within another"),
            ([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1_007, "no UTF-8"),
            ([0x81, 0x83, 0, 0, 0, 0, 0xed, 0xa0, 0x80], 1_007, "a surrogate"),
            ([0x82, 0xfe, 0, 200, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 200), 1_009, "too large"),
            ([0x88, 0x81, 0, 0, 0, 0, 3], 0, "a close with half a code"),
            ([0x88, 0x82, 0, 0, 0, 0, 3, 0xed], 1_002, "a close with a code that is reserved"),
        ] as [([UInt8], Int, String)]
    )
    func broken(bytes: [UInt8], code: Int, name: String) throws {
        let framing = try WebSocketFraming(isServer: true, maximumMessage: 100)
        try? framing.receive(bytes)
        let answer = framing.takeOutput()
        #expect(answer.first == 0x88, "\(name)")
        #expect(answer.dropFirst(2).prefix(2).reduce(0) { $0 << 8 | Int($1) } == code, "\(name)")
        #expect(framing.isReadClosed)
        #expect(framing.nextMessage() == nil)
    }

    @Test("echoes the code of a close")
    func close() throws {
        let framing = try WebSocketFraming(isServer: true, maximumMessage: 100)
        try framing.receive([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
        #expect(framing.takeOutput() == [0x88, 0x02, 0x03, 0xe8])
        #expect(throws: HTTPError.self) { try framing.queue(WebSocketMessage(text: [])) }
    }

    @Test("accepts the key of the specification's example")
    func acceptKey() {
        #expect(WebSocketHandshake.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map { base64(Array($0.utf8)) } == [
                "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
            ]
        )
    }

    private static func echo(on loop: @escaping @Sendable () -> EventLoop?) -> HTTPHandler {
        { request in
            if let refusal = WebSocketHandshake.refusal(of: request) { return refusal }
            guard let loop = loop() else { return .text(500, "") }
            return HTTPResponse(
                status: 200,
                body: .tunnel { tunnel in
                    let socket = try WebSocket(tunnel, isServer: true, on: loop)
                    while let message = try await socket.receive() { try await socket.send(message) }
                }
            )
        }
    }

    @Test("is opened over HTTP/1.1 and over HTTP/2")
    func endToEnd() async throws {
        let serverLoop = Latest<EventLoop?>(nil)
        try await withServer(handler: Self.echo { serverLoop.current.value }) { server in
            serverLoop.update(server.loop)
            let client = try server.client()
            let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\(key)\r\n")
            let head = await client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 101 "))
            #expect(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            await client.send([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
            #expect(await client.read(7) == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
            await client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
            #expect(await client.read(4) == [0x88, 0x02, 0x03, 0xe8])
            try await withConnection(to: server) { connection, loop in
                let request = HTTPClientRequest(
                    .connect,
                    "/",
                    authority: "a",
                    fields: ["sec-websocket-version": "13"],
                    upgrade: "websocket"
                )
                let (head, tunnel) = try await connection.open(request)
                #expect(head.status == 200)
                let socket = try WebSocket(tunnel, isServer: false, on: loop)
                try await socket.send(WebSocketMessage(binary: [1, 2, 3]))
                #expect(try await socket.receive() == WebSocketMessage(binary: [1, 2, 3]))
                await socket.close()
                #expect(try await socket.receive() == nil)
            }
        }
    }

    private func messages(_ bytes: [UInt8], isServer: Bool) throws -> [WebSocketMessage] {
        let framing = try WebSocketFraming(isServer: isServer, maximumMessage: 1 << 20)
        try framing.receive(bytes)
        var messages: [WebSocketMessage] = []
        while let message = framing.nextMessage() { messages.append(message) }
        return messages
    }
}
