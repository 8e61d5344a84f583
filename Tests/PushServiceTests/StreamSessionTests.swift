import Contracts
import EventLoop
import HTTP
import JSON
import JSONRPC
import Lifecycle
import Observability
import ServiceTesting
import TLS
import Testing
import Tokens

@testable import PushService

/// A store that begins at cursor 100 for those who name none, and gives those who come back what it is told to.
private struct StoreScript: RPCTransport {
    struct Lines: RPCLineSource {
        let next: @Sendable () async throws -> [UInt8]?
        func next() async throws -> [UInt8]? { try await next() }
    }

    let events: [[UInt8]]
    /// The cursor before which it has lost everything.
    let oldest: Int
    /// Holds back what follows the first event.
    let gate: Gate

    func send(_ message: RPCOutgoing) async throws -> [UInt8] { throw RPCError(.methodNotFound, "no calls") }

    func open(_ message: RPCOutgoing) async throws -> any RPCLineSource {
        let cursor = try JSONValue(json: message.body)["params"]?["cursor"]
        let result =
            if case .int(let cursor)? = cursor { JSONValue.int(max(cursor, oldest)) } else { JSONValue.int(100) }
        let head: JSONValue = ["jsonrpc": "2.0", "id": 1, "result": ["cursor": result]]
        let place = Latest(0)
        let (events, gate, isLive) = (events, gate, cursor == nil)
        return Lines {
            let index = place.current.value
            place.update(index + 1)
            if index == 0 { return head.json() }
            if isLive { await untilCancelled() }
            if index > 1 { await gate.wait() }
            return index <= events.count ? events[index - 1] : nil
        }
    }
}

@Suite("Stream session", .timeLimit(.minutes(5)))
struct StreamSessionTests {
    private static let targets: [TargetID] = [.make(), .make()]

    /// An event with one row of each target.
    private static func event(_ cursor: Int) -> [UInt8] {
        let series = targets.map { MeasurementSeries(checkID: .make(), targetID: $0, target: "", type: .icmp) }
        var columns = MeasurementColumns()
        for place in 0..<2 {
            columns.append(
                MeasurementRow(
                    id: .make(),
                    timestamp: Timestamp(microseconds: 1),
                    latency: 1,
                    status: .success,
                    reason: .none,
                    metadata: Array("{}".utf8)
                ),
                series: place
            )
        }
        let batch = MeasurementBatch(agentID: .make(), origin: "", series: series, columns: columns)
        let event = TenantEvent(cursor: cursor, tenant: .first, number: cursor, batch: batch)
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.string("2.0")
        writer.key("method")
        writer.string(RPCStreamMethod.followEvents.descriptor.name)
        writer.key("params")
        event.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func request(_ method: String, _ params: String) -> WebSocketMessage {
        WebSocketMessage(text: Array(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#.utf8))
    }

    /// Runs `body` with a client's WebSocket to a session behind a real server.
    private func withSession(
        _ gate: Gate,
        lostBefore oldest: Int = 0,
        authorizer: PersonAuthorizer = PersonAuthorizer(passedOnBy: []),
        signer: TokenSigner? = nil,
        showing shown: String? = nil,
        exchange: @escaping @Sendable (TokenExchange) async throws -> String = { _ in throw Self.refusal },
        _ body: @escaping @Sendable (WebSocket, _ token: String, _ strangersToken: String) async throws -> Void
    ) async throws {
        let loop = try EventLoop(name: "push")
        try loop.start()
        let log = Log(label: "test", sink: MemorySink())
        let store = RPCClient(StoreScript(events: (oldest + 1...3).map(Self.event), oldest: oldest, gate: gate))
        let feed = EventFeed(store, historyBytes: 1 << 20, on: loop, log: log)
        let signer = try signer ?? TokenSigner(PrivateKey.ed25519())
        let keys = KeySet(keys: [try signer.publicKey()])
        authorizer.hear(IdentityState(keys: keys))
        var router = RPCRouter(title: "push", authorizer: OpenDoor(), log: log)
        router.handle(.authenticateStream) { params in
            guard let session = StreamSession.current else { throw RPCError(.invalidRequest, "no session") }
            return try await session.authenticate(params)
        }
        router.handle(.subscribeStream) { params in
            guard let session = StreamSession.current else { throw RPCError(.invalidRequest, "no session") }
            return try await session.subscribe(params)
        }
        var tokens = RPCRouter(title: "gateway", log: log)
        tokens.handle(.exchangeToken) { ExchangedToken(accessToken: try await exchange($0)) }
        let gateway = RPCClient(inProcess: tokens, as: .push)
        let server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            log: log,
            metrics: HTTPServerMetrics(Metrics(), role: "test"),
            responder: taskResponder { [router] request in
                HTTPResponse(
                    status: 200,
                    body: .tunnel { tunnel in
                        let socket = try WebSocket(tunnel, isServer: true, on: loop)
                        let session = StreamSession(
                            socket,
                            of: Arrival(request),
                            feed: feed,
                            router: router,
                            authorizer: authorizer,
                            gateway: gateway,
                            on: loop
                        )
                        await session.run(until: Latest(()))
                    }
                )
            }
        )
        server.start()
        let now = Int(Timestamp.now.microseconds / 1_000_000)
        let (token, stranger) = (try signer.token(for: .editor, now: now), try signer.token(for: .stranger, now: now))
        try await withTaskExecutorPreference(loop) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await feed.run() }
                while !feed.isReady { await Task.yield() }
                let connection = try await HTTPConnector(loop: loop).connect(to: server.address, tls: nil)
                var fields: HTTPFields = ["x-forwarded-for": "192.0.2.7"]
                if let shown { fields.append("authorization", "Bearer \(shown)") }
                let request = HTTPClientRequest(.connect, "/", authority: "a", fields: fields, upgrade: "websocket")
                let (_, tunnel) = try await connection.open(request)
                try await body(try WebSocket(tunnel, isServer: false, on: loop), token, stranger)
                connection.close()
                group.cancelAll()
            }
        }
        server.close()
        loop.stop()
    }

    private static let refusal = RPCError(.unauthenticated, "the token is not valid")

    private static func next(_ socket: WebSocket) async throws -> JSONValue {
        try JSONValue(json: try #require(try await socket.receive()).bytes)
    }

    @Test("subscribes nobody who has not signed in")
    func anonymous() async throws {
        try await withSession(Gate()) { socket, _, _ in
            try await socket.send(Self.request("stream.subscribe", "{}"))
            #expect(try await Self.next(socket)["error"]?["code"] == -32_002)
            try await socket.send(Self.request("stream.authenticate", #"{"token":"a.b.c"}"#))
            #expect(try await Self.next(socket)["error"]?["code"] == -32_002)
        }
    }

    @Test("stays the tenant's it was opened for, and shows it nothing of others")
    func tenants() async throws {
        try await withSession(Gate()) { socket, token, strangersToken in
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(strangersToken)"}"#))
            #expect(try await Self.next(socket)["result"]?["tenant"] == "other")
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(token)"}"#))
            #expect(try await Self.next(socket)["error"]?["code"] == -32_001)
            try await socket.send(Self.request("stream.subscribe", "{}"))
            // What the script has is the first tenant's: the store says where the other one's begin.
            #expect(try await Self.next(socket)["result"]?["cursor"] == 100)
        }
    }

    @Test("tells a client that comes back of what the store has lost, and goes on behind it")
    func gap() async throws {
        try await withSession(Gate(), lostBefore: 2) { socket, token, _ in
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(token)"}"#))
            _ = try await Self.next(socket)
            try await socket.send(Self.request("stream.subscribe", #"{"cursor":0}"#))
            // The answer and what it starts are not ordered.
            let two = [try await Self.next(socket), try await Self.next(socket)]
            let gap = try #require(two.first { $0["method"] != nil })
            #expect(two.contains { $0["result"]?["cursor"] == 0 })
            #expect(gap["method"] == "stream.gap")
            #expect(gap["params"] == ["after": 0, "resumes_after": 2])
            #expect(try await Self.next(socket)["params"]?["cursor"] == 3)
        }
    }

    @Test("gives a subscription that comes while an older one catches up all of its own rows, and no others")
    func resubscribes() async throws {
        let gate = Gate()
        try await withSession(gate) { socket, token, _ in
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(token)"}"#))
            #expect(try await Self.next(socket)["result"]?["role"] == "editor")
            let (first, second) = (Self.targets[0], Self.targets[1])
            try await socket.send(Self.request("stream.subscribe", #"{"target_ids":["\#(first)"],"cursor":0}"#))
            #expect(try await Self.next(socket)["result"]?["cursor"] == 0)
            #expect(try await Self.next(socket)["params"]?["cursor"] == 1)
            try await socket.send(Self.request("stream.subscribe", #"{"target_ids":["\#(second)"],"cursor":0}"#))
            #expect(try await Self.next(socket)["result"]?["cursor"] == 0)
            gate.open()
            for cursor in 1...3 {
                let event = try await Self.next(socket)
                #expect(event["params"]?["cursor"] == .int(cursor))
                #expect(String(decoding: event.json(), as: UTF8.self).contains(second.rawValue))
            }
        }
    }

    @Test("ends when the sign-in does, long before the token runs out")
    func revocation() async throws {
        let authorizer = PersonAuthorizer(passedOnBy: [])
        try await withSession(Gate(), authorizer: authorizer) { socket, token, _ in
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(token)"}"#))
            let answer = try await Self.next(socket)
            guard case .string(let login)? = answer["result"]?["login"] else {
                return #expect(Bool(false), "no sign-in")
            }
            let session = try await authorizer.session(of: BearerToken(token))
            #expect(session.grant.person.login?.rawValue == login)
            authorizer.hear(IdentityState(keys: KeySet(keys: []), endedLogins: [LoginID(rawValue: login)]))
            while let message = try await socket.receive() { _ = message }
        }
    }

    /// An access token of a viewer that runs out in so many seconds; `scopes` as an API token would have them.
    private static func token(_ signer: TokenSigner, lasting seconds: Int, scopes: [Scope]? = nil) throws -> String {
        var person = Person.editor
        person.role = .viewer
        let now = Int(Timestamp.now.microseconds / 1_000_000)
        return try signer.token(for: AccessGrant(person: person, scopes: scopes), now: now + seconds - 300)
    }

    @Test(
        "asks for another access token of a program before the one it has runs out, and goes on",
        arguments: [true, false]
    )
    func programs(isInRequest: Bool) async throws {
        let signer = try TokenSigner(PrivateKey.ed25519())
        let end = Timestamp.now.advanced(by: .seconds(5))
        let asked = Latest(0)
        try await withSession(
            Gate(),
            signer: signer,
            showing: isInRequest ? "sonde_x" : nil,
            exchange: { request in
                #expect(request.token == "sonde_x")
                #expect(request.address == "192.0.2.7")
                let count = asked.current.value + 1
                asked.update(count)
                // A gateway that is not there for a moment ends nothing.
                if count == 2 { throw RPCError(.unavailable, "not now") }
                return try Self.token(signer, lasting: count == 1 ? 5 : 300)
            },
            { socket, _, _ in
                if !isInRequest {
                    try await socket.send(Self.request("stream.authenticate", #"{"token":"sonde_x"}"#))
                    #expect(try await Self.next(socket)["result"]?["role"] == "viewer")
                }
                try await socket.send(Self.request("stream.subscribe", "{}"))
                #expect(try await Self.next(socket)["result"]?["cursor"] == 100)
                while Timestamp.now < end.advanced(by: .seconds(2)) { await pause() }
                try await socket.send(Self.request("stream.subscribe", "{}"))
                #expect(try await Self.next(socket)["result"]?["cursor"] == 100)
                #expect(asked.current.value == 3)
            }
        )
    }

    @Test("ends when a program's token is not exchanged any more, before its access token runs out")
    func endedProgram() async throws {
        let signer = try TokenSigner(PrivateKey.ed25519())
        let asked = Latest(0)
        try await withSession(
            Gate(),
            signer: signer,
            showing: "sonde_x",
            exchange: { _ in
                let count = asked.current.value + 1
                asked.update(count)
                guard count == 1 else { throw Self.refusal }
                return try Self.token(signer, lasting: 40)
            },
            { socket, _, _ in
                let begun = ContinuousClock.now
                while let message = try await socket.receive() { _ = message }
                #expect(asked.current.value == 2)
                #expect(begun.duration(to: .now) < .seconds(30))
            }
        )
    }

    @Test("shows nothing to a token whose scopes are about something else")
    func scopes() async throws {
        let signer = try TokenSigner(PrivateKey.ed25519())
        let other = try Self.token(signer, lasting: 300, scopes: [Scope("target", isWrite: true)])
        try await withSession(Gate(), signer: signer) { socket, _, _ in
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(other)"}"#))
            #expect(try await Self.next(socket)["error"]?["code"] == -32_001)
            try await socket.send(Self.request("stream.subscribe", "{}"))
            #expect(try await Self.next(socket)["error"]?["code"] == -32_002)
            let own = try Self.token(signer, lasting: 300, scopes: [Scope("measurement", isWrite: false)])
            try await socket.send(Self.request("stream.authenticate", #"{"token":"\#(own)"}"#))
            #expect(try await Self.next(socket)["result"]?["role"] == "viewer")
        }
        try await withSession(Gate(), signer: signer, showing: other) { socket, _, _ in
            let message = try await socket.receive()
            #expect(message == nil)
        }
    }
}
