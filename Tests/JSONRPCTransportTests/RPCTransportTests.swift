import EventLoop
import JSON
import JSONRPC
import JSONRPCTransport
import Observability
import TLS
import Testing

struct Echo: Codable, Equatable, RPCPayload {
    var text: String
}

extension RPCMethod where Params == Echo, Result == Echo {
    static var echo: Self { Self("echo.say", "Says it again.", of: .store, callers: [.agent], isIdempotent: true) }
    static var slow: Self { Self("echo.wait", "Waits for ever.", of: .store, callers: [.agent]) }
    static var secret: Self { Self("echo.hide", "For nobody.", of: .store, callers: [.store]) }
}

extension RPCStreamMethod where Params == Echo, Result == Echo, Element == Echo {
    static var count: Self { Self("echo.count", "Counts.", of: .store, callers: [.agent]) }
}

/// Other tests may keep every thread busy for a while.
private let patience = Duration.seconds(120)

@Suite("JSON-RPC over HTTP/2 with mutual TLS")
final class RPCTransportTests {
    let mesh: Mesh

    init() throws {
        mesh = try Mesh()
    }

    deinit { mesh.remove() }

    func router() -> RPCRouter {
        var router = RPCRouter(title: "store", log: mesh.log)
        router.handle(.echo) { echo in echo }
        router.handle(.secret) { echo in echo }
        router.handle(.slow) { [loop = mesh.loop] echo in
            try await LoopClock(loop).sleep(for: .seconds(3_600))
            return echo
        }
        router.handle(.count) { start in
            guard start.text == "go" else { throw RPCError(.conflict, "not from there") }
            return RPCStream(start) { writer in
                for number in 1...1_000 { try await writer.send(Echo(text: "\(number)")) }
            }
        }
        return router
    }

    @Test("answers calls, many at once")
    func calls() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let answer = try await connection.client.call(.echo, Echo(text: "\(number)"), timeout: patience)
                        #expect(answer.text == "\(number)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("answers calls that begin at any moment of the connection's coming up")
    func callsWhileConnecting() async throws {
        let server = try mesh.server(router())
        let mesh = mesh
        try await running([server]) {
            for _ in 0..<10 {
                let connection = try mesh.connection(to: server, as: .agent)
                try await running([connection]) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for turns in 0..<80 {
                            group.addTask(executorPreference: mesh.loop) {
                                for _ in 0..<turns * 4 { await Task.yield() }
                                let answer = try await connection.client.call(
                                    .echo,
                                    Echo(text: "\(turns)"),
                                    timeout: patience
                                )
                                #expect(answer.text == "\(turns)")
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    @Test("carries bodies larger than every window")
    func largeBody() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            let text = String(repeating: "0123456789abcdef", count: 200_000)
            let answer = try await connection.client.call(.echo, Echo(text: text), timeout: patience)
            #expect(answer.text == text)
        }
    }

    @Test("refuses a body over the limit without ending the connection")
    func tooLarge() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            let text = String(repeating: "x", count: 9 << 20)
            let error = await #expect(throws: RPCError.self) {
                try await connection.client.call(.echo, Echo(text: text), timeout: patience)
            }
            #expect(error?.code == .unavailable)
            let answer = try await connection.client.call(.echo, Echo(text: "still here"), timeout: patience)
            #expect(answer.text == "still here")
        }
    }

    @Test("streams a result and then every element in order")
    func stream() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            let subscription = try await connection.client.follow(.count, Echo(text: "go"), timeout: patience)
            #expect(subscription.result.text == "go")
            var count = 0
            while let element = try await subscription.next() {
                count += 1
                #expect(element.text == "\(count)")
            }
            #expect(count == 1_000)
        }
    }

    @Test("gives the error of a stream that does not begin")
    func refusedStream() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            let error = await #expect(throws: RPCError.self) {
                _ = try await connection.client.follow(.count, Echo(text: "nowhere"), timeout: patience)
            }
            #expect(error == RPCError(.conflict, "not from there"))
        }
    }

    @Test("gives up at the deadline, on both sides")
    func deadline() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            _ = try await connection.client.call(.echo, Echo(text: "connected"), timeout: patience)
            let error = await #expect(throws: RPCError.self) {
                try await connection.client.call(.slow, Echo(text: ""), timeout: .milliseconds(50))
            }
            #expect(error?.code == .deadlineExceeded || error?.code == .cancelled)
        }
    }

    @Test("says whether a call that failed may have had its effect")
    func outcome() async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        var router = RPCRouter(title: "store", log: mesh.log)
        router.handle(.slow) { [loop = mesh.loop] echo in
            begin.finish()
            try await LoopClock(loop).sleep(for: patience)
            return echo
        }
        let server = try mesh.server(router)
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([connection]) { [server] in
            let call = { @Sendable (time: Duration) in
                await #expect(throws: RPCError.self) {
                    try await connection.client.call(.slow, Echo(text: ""), timeout: time)
                }
            }
            // Nobody serves the connection.
            let unsent = await call(.milliseconds(20))
            #expect(unsent?.code == .unavailable)
            #expect(unsent?.isOutcomeUnknown == false)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                async let cut = call(patience)
                for await _ in begun {}
                group.cancelAll()
                #expect(await cut?.isOutcomeUnknown == true)
                while (try? await group.next()) != nil {}
            }
        }
    }

    @Test("refuses a peer that the contract does not list")
    func allowList() async throws {
        let server = try mesh.server(router())
        let connection = try mesh.connection(to: server, as: .agent)
        try await running([server, connection]) {
            let error = await #expect(throws: RPCError.self) {
                try await connection.client.call(.secret, Echo(text: ""), timeout: patience)
            }
            #expect(error?.code == .permissionDenied)
        }
    }

    @Test("fails no call while certificates are exchanged, and takes the new ones")
    func rotation() async throws {
        let server = try mesh.server(router())
        let identity = try mesh.identity(.agent)
        let connection = RPCConnection(
            to: .store,
            at: server.address.description,
            identity: identity,
            loop: mesh.loop,
            log: mesh.log,
            metrics: Metrics()
        )
        let mesh = mesh
        try await running([server, connection]) {
            for round in 0..<20 {
                try mesh.write(.agent)
                let isNew = try identity.reloadIfChanged()
                #expect(isNew)
                let answer = try await connection.client.call(.echo, Echo(text: "\(round)"), timeout: patience)
                #expect(answer.text == "\(round)")
            }
        }
    }
}
