import EventLoop
import HTTP
import Lifecycle
import Testing

@Suite("HTTP/1.1 connection that ends", .timeLimit(.minutes(5)))
struct HTTP1LifeTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("finishes what is under way when the server drains, and takes nothing new")
    func drain() async throws {
        let (gate, record) = (Gate(), Record())
        let handler: HTTPHandler = { _ in
            record.add("begun")
            await gate.pass()
            return .text(200, "done")
        }
        try await withServer(handler: handler) { server in
            let (busy, idle, silent) = (try server.client(), try server.client(), try server.client())
            await busy.send(Self.get)
            await idle.send(Self.get)
            try await record.wait { $0.count == 2 }
            async let drained: Void = server.server.drain()
            await idle.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await silent.readToEnd() == "")
            #expect(throws: SystemError.self) { try server.client() }
            gate.open()
            let answer = await busy.readToEnd()
            #expect(answer.contains("connection: close\r\n"))
            #expect(answer.hasSuffix("done\n"))
            #expect(await idle.readToEnd().ranges(of: "HTTP/1.1 200").count == 1)
            await drained
        }
    }

    @Test("answers one more request while the server drains, and says that it is the last")
    func farewell() async throws {
        var limits = HTTPLimits()
        limits.farewellTimeout = .seconds(60)
        try await withServer(limits, handler: { _ in .text(200, "done") }) { server in
            let (known, fresh) = (try server.client(), try server.client())
            await known.send(Self.get)
            #expect(await known.readHead().contains("connection: close") == false)
            _ = await known.read(5)
            async let drained: Void = server.server.drain()
            // Nobody new is let in from then on.
            while (try? server.client()) != nil { await Task.yield() }
            for client in [known, fresh] {
                let answer = await client.exchange(Self.get)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.contains("connection: close\r\n"))
                #expect(answer.hasSuffix("done\n"))
            }
            await drained
        }
    }

    @Test("lets no tunnel begin while the server drains, and no request last for ever")
    func lateRequests() async throws {
        let handler: HTTPHandler = { request in
            guard request.path == "/tunnel" else {
                await untilCancelled()
                return .text(200, "")
            }
            return HTTPResponse(status: 101, body: .tunnel { _ in await untilCancelled() })
        }
        var limits = HTTPLimits()
        limits.farewellTimeout = .seconds(60)
        limits.drainTimeout = .milliseconds(100)
        try await withServer(limits, handler: handler) { server in
            let (tunnel, endless) = (try server.client(), try server.client())
            async let drained: Void = server.server.drain()
            while (try? server.client()) != nil { await Task.yield() }
            let upgrade = "GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            let answer = await tunnel.exchange(upgrade)
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("connection: close\r\n"))
            #expect(await endless.exchange(Self.get) == "")
            await drained
        }
    }

    @Test("holds a handler back while its client does not read, and cancels it when the client goes")
    func slowReader() async throws {
        let record = Record()
        let written = Latest(0)
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    defer { record.add("ended") }
                    let piece = [UInt8](repeating: 0x78, count: 65_536)
                    while true {
                        try await writer.write(piece)
                        written.update(written.current.value + piece.count)
                    }
                }
            )
        }
        try await withServer(handler: handler) { server in
            let slow = try server.client(receiveBuffer: 65_536)
            await slow.send(Self.get)
            _ = await slow.read(10_000_000)
            // Somebody else is served meanwhile.
            let quick = try server.client(receiveBuffer: 65_536)
            await quick.send(Self.get)
            _ = await quick.read(10_000_000)
            #expect(written.current.value < 64 << 20)
            slow.reset()
            quick.reset()
            try await record.wait { $0.count == 2 }
        }
    }

    @Test("cancels the handler of a client that goes, behind others on its connection too")
    func cancels() async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            guard request.path == "/wait" else { return .text(200, "") }
            record.add("begun")
            await untilCancelled()
            record.add("cancelled")
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let client = try server.client()
            await client.send(Self.get + Self.get + "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            try await record.wait(for: "begun")
            client.reset()
            try await record.wait(for: "cancelled")
        }
    }

    @Test("notices that a client is gone whose next requests it holds back")
    func cancelsWhilePaused() async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            guard request.path == "/wait" else { return .text(200, "") }
            record.add("begun")
            await untilCancelled()
            record.add("cancelled")
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let client = try server.client()
            await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            try await record.wait(for: "begun")
            await client.send(String(repeating: Self.get, count: 5_000))
            let other = try server.client()
            for _ in 0..<10 {
                await other.send(Self.get)
                _ = await other.readHead()
            }
            client.reset()
            try await record.wait(for: "cancelled")
        }
    }

    @Test("does not spin while a client that has finished sending waits for its answer")
    func halfClosed() async throws {
        let (gate, record) = (Gate(), Record())
        let handler: HTTPHandler = { request in
            guard request.path == "/wait" else { return .text(200, "") }
            record.add("begun")
            await gate.pass()
            return .text(200, "late")
        }
        try await withServer(handler: handler) { server in
            let client = try server.client()
            await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            try await record.wait(for: "begun")
            let turns = server.loop.statistics.snapshot.turns.reduce(0, +)
            for _ in 0..<50 {
                let other = try server.client()
                _ = await other.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            }
            #expect(server.loop.statistics.snapshot.turns.reduce(0, +) - turns < 1_000)
            gate.open()
            #expect(await client.readToEnd().hasSuffix("late\n"))
        }
    }
}
