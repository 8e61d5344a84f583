import HTTP
import Lifecycle
import Testing

@Suite("HTTP/2 streams that end", .timeLimit(.minutes(5)))
struct HTTP2LifeTests {
    @Test("cancels the handler of a stream that is reset, before its answer and within", arguments: [false, true])
    func cancels(hasBegun: Bool) async throws {
        let record = Record()
        let handler: HTTPHandler = { _ in
            guard hasBegun else {
                record.add("begun")
                await untilCancelled()
                record.add("cancelled")
                return .text(200, "")
            }
            return HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(Array("first".utf8))
                    record.add("begun")
                    await untilCancelled()
                    record.add("cancelled")
                }
            )
        }
        try await withServer(handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            await client.send(RawHTTP2Client.get("/", stream: 1))
            try await record.wait(for: "begun")
            await client.send(Frame(.reset, stream: 1, Array(bigEndian: 8)))
            try await record.wait(for: "cancelled")
        }
    }

    @Test("cancels the handlers of a connection that is gone")
    func connectionGone() async throws {
        let record = Record()
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(Array("first".utf8))
                    record.add("begun")
                    await untilCancelled()
                    record.add("cancelled")
                }
            )
        }
        try await withServer(handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            for stream in [1, 3, 5] { await client.send(RawHTTP2Client.get("/", stream: stream)) }
            try await record.wait { $0.count == 3 }
            client.close()
            try await record.wait { events in events.filter { $0 == "cancelled" }.count == 3 }
        }
    }

    @Test("sends no more than the window allows, and goes on when it opens")
    func window() async throws {
        try await withServer(handler: { _ in .text(200, "hello world") }) { server in
            let client = try await RawHTTP2Client(server, settings: [(id: 4, value: 5)])
            await client.send(RawHTTP2Client.get("/", stream: 1))
            #expect(await client.next(.data)?.payload == Array("hello".utf8))
            #expect(await client.roundTrip().contains { $0.kind == .data } == false)
            await client.send(Frame(.windowUpdate, stream: 1, Array(bigEndian: 1)))
            #expect(await client.next(.data)?.payload == Array(" ".utf8))
            await client.send(Frame(.windowUpdate, stream: 1, Array(bigEndian: 100)))
            let last = await client.next(.data)
            #expect(last?.payload == Array("world\n".utf8))
            #expect(last?.flags == Frame.endStream)
        }
    }

    @Test("holds a writer back whose reader opens no window")
    func writerHeldBack() async throws {
        let written = Latest(0)
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    while true {
                        try await writer.write([UInt8](repeating: 0x78, count: 10_000))
                        written.update(written.current.value + 10_000)
                    }
                }
            )
        }
        try await withServer(handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            await client.send(RawHTTP2Client.get("/", stream: 1))
            var received = 0
            while received < 65_535, let frame = await client.next(.data) { received += frame.payload.count }
            for _ in 0..<10 { #expect(await client.roundTrip().contains { $0.kind == .data } == false) }
            #expect(written.current.value <= 65_535 + 65_536 + 10_000)
        }
    }

    @Test("gives the window back only as the handler reads")
    func readerHeldBack() async throws {
        let (gate, record) = (Gate(), Record())
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .tunnel { tunnel in
                    await gate.pass()
                    var count = 0
                    while count < 3 * 16_384, let bytes = try await tunnel.read() { count += bytes.count }
                    record.add("read")
                    await untilCancelled()
                }
            )
        }
        try await withServer(handler: handler) { server in
            let client = try await RawHTTP2Client(server)
            let fields = [
                (":method", "CONNECT"), (":protocol", "x"), (":scheme", "http"), (":authority", "a"), (":path", "/"),
            ]
            await client.send(Frame(.headers, flags: Frame.endHeaders, stream: 1, literals(fields)))
            let pieces = (0..<3).map { _ in Frame(.data, stream: 1, [UInt8](repeating: 0, count: 16_384)) }
            await client.send(pieces)
            let before = await client.roundTrip()
            #expect(!before.contains { $0.kind == .windowUpdate && $0.stream == 1 })
            gate.open()
            try await record.wait(for: "read")
            var update = await client.next(.windowUpdate)
            while update?.stream == 0 { update = await client.next(.windowUpdate) }
            #expect(update?.stream == 1)
        }
    }

    @Test("that says its first word while the server drains is answered, and told to go")
    func farewell() async throws {
        var limits = HTTPLimits()
        limits.farewellTimeout = .seconds(60)
        try await withServer(limits, handler: { _ in .text(200, "done") }) { server in
            let silent = try server.client()
            async let drained: Void = server.server.drain()
            while (try? server.client()) != nil { await Task.yield() }
            let client = await RawHTTP2Client(over: silent)
            await client.send(RawHTTP2Client.get("/", stream: 1))
            let ping = await client.next(.ping)
            await client.send(Frame(.ping, flags: 1, ping?.payload ?? []))
            var kinds: [Frame.Kind?] = []
            while let frame = await client.next() { kinds.append(frame.kind) }
            #expect(kinds.contains(.data) && kinds.contains(.goAway))
            await drained
        }
    }

    @Test("finishes what is under way when the server drains, and takes nothing new")
    func drain() async throws {
        let (gate, record) = (Gate(), Record())
        let handler: HTTPHandler = { _ in
            record.add("begun")
            await gate.pass()
            return .text(200, "done")
        }
        // Others may keep every thread busy for a while.
        var limits = HTTPLimits()
        limits.drainTimeout = .seconds(600)
        try await withServer(limits, handler: handler) { server in
            let (client, idle) = (try await RawHTTP2Client(server), try await RawHTTP2Client(server))
            await client.send(RawHTTP2Client.get("/", stream: 1))
            _ = await idle.roundTrip()
            try await record.wait(for: "begun")
            async let drained: Void = server.server.drain()
            for peer in [client, idle] {
                // A ping that tells when the notice has arrived, which refuses nothing yet.
                let ping = await peer.next(.ping)
                #expect(await peer.next(.goAway)?.number() == 0x7fff_ffff)
                await peer.send(Frame(.ping, flags: 1, ping?.payload ?? []))
            }
            #expect(await client.next(.goAway)?.number() == 1)
            #expect(await idle.next(.goAway)?.number() == 0)
            #expect(await idle.next().map(\.type) == nil)
            await client.send(RawHTTP2Client.get("/", stream: 3))
            gate.open()
            #expect(await client.next(.data)?.payload == Array("done\n".utf8))
            #expect(await client.next().map(\.type) == nil)
            await drained
            #expect(record.all == ["begun"])
        }
    }
}
