import Contracts
import EventLoop
import HTTP
import JSON
import Lifecycle
import Observability
import ServiceTesting

/// A receiver: an HTTP server that keeps what it is posted, and answers as it is told.
final class WebhookServer: Sendable {
    struct Post: Sendable {
        var key: String?
        var notice: IncidentNotice
    }

    private let server: HTTPServer
    private let loop: EventLoop
    private let received = Latest<[Post]>([])

    /// `answer` gives the status for the post of this number, counted from 0, when it likes to.
    init(_ answer: @escaping @Sendable (Int) async -> Int) throws {
        loop = try EventLoop(name: "webhook")
        try loop.start()
        let received = received
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            log: Log(label: "webhook", sink: MemorySink()),
            metrics: HTTPServerMetrics(Metrics(), role: "webhook")
        ) { request in
            guard request.method == .post, let notice = try? decodeJSON(IncidentNotice.self, from: request.body) else {
                return .text(405, "post a notice")
            }
            let posts = received.current.value
            received.update(posts + [Post(key: request.fields["idempotency-key"], notice: notice)])
            return HTTPResponse(status: await answer(posts.count))
        }
        server.start()
    }

    deinit {
        server.close()
        loop.stop()
    }

    func url(host: String = "127.0.0.1") -> String { "http://\(host):\(server.address.port)/hook" }

    var posts: [Post] { received.current.value }

    /// What was posted, once it is so many.
    func posts(_ count: Int) async throws -> [Post] {
        var seen = -1
        while posts.count < count, let change = try await received.next(after: seen) { seen = change.version }
        return posts
    }
}

/// Lets those who wait at it pass when it is opened.
final class Gate: Sendable {
    private let isOpen = Latest(false)

    func open() { isOpen.finish() }

    func wait() async { _ = try? await isOpen.next(after: 0) }
}
