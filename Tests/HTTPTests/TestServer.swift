import EventLoop
import HTTP
import Lifecycle
import Observability
import Synchronization

/// A server on a loop and a port of its own.
struct TestServer {
    let loop: EventLoop
    let sink = MemorySink()
    let metrics = Metrics()
    let server: HTTPServer
    var address: SocketAddress { server.address }

    init(_ limits: HTTPLimits, _ responder: @escaping HTTPResponder) throws {
        loop = try EventLoop(name: "server")
        try loop.start()
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            limits: limits,
            log: Log(label: "test", sink: sink),
            metrics: HTTPServerMetrics(metrics, role: "test"),
            responder: responder
        )
        server.start()
    }

    func client(receiveBuffer: CInt? = nil) throws -> RawClient {
        try RawClient(address, receiveBuffer: receiveBuffer)
    }
}

/// Runs `body` with a server that is closed afterwards.
func withServer(
    _ limits: HTTPLimits = HTTPLimits(),
    handler: @escaping HTTPHandler,
    _ body: (TestServer) async throws -> Void
) async throws {
    try await withServer(limits, responder: taskResponder(handler), body)
}

/// The same with a responder.
func withServer(
    _ limits: HTTPLimits = HTTPLimits(),
    responder: @escaping HTTPResponder,
    _ body: (TestServer) async throws -> Void
) async throws {
    let server = try TestServer(limits, responder)
    defer {
        server.server.close()
        server.loop.stop()
    }
    try await body(server)
}

/// Runs `body` on a loop of its own with an HTTP/2 connection to the server.
func withConnection<Result: Sendable>(
    to server: TestServer,
    _ body: @escaping @Sendable (HTTPClientConnection, EventLoop) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "client")
    try loop.start()
    defer { loop.stop() }
    let address = server.address
    return try await withTaskExecutorPreference(loop) {
        let connection = try await HTTPConnector(loop: loop).connect(to: address, tls: nil)
        defer { connection.close() }
        return try await body(connection, loop)
    }
}

/// What happened, in its order; anyone may wait for it.
final class Record: Sendable {
    private let events = Latest<[String]>([])

    var all: [String] { events.current.value }

    func add(_ event: String) {
        // Written on the server's loop alone.
        events.update(events.current.value + [event])
    }

    func wait(for event: String) async throws {
        try await wait { $0.contains(event) }
    }

    func wait(until isReached: ([String]) -> Bool) async throws {
        var seen = -1
        while let (version, value) = try await events.next(after: seen) {
            if isReached(value) { return }
            seen = version
        }
    }

    func count(of event: String) -> Int { all.filter { $0 == event }.count }
}

/// Holds back those who pass until it is opened, even when their task is cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
