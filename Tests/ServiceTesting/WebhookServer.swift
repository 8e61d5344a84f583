public import Contracts
import EventLoop
import HTTP
import JSON
import Lifecycle
import Observability

/// A receiver: an HTTP server that keeps what it is posted, and answers as it is told.
public final class WebhookServer: Sendable {
    public struct Post: Sendable {
        public var key: String?
        public var notice: IncidentNotice
    }

    private let server: HTTPServer
    private let loop: EventLoop
    private let received = Latest<[Post]>([])

    /// `answer` gives the status for the post of this number, counted from 0, when it likes to.
    public init(_ answer: @escaping @Sendable (Int) async -> Int) throws {
        loop = try EventLoop(name: "webhook")
        try loop.start()
        let received = received
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            log: Log(label: "webhook", sink: MemorySink()),
            metrics: HTTPServerMetrics(Metrics(), role: "webhook"),
            responder: taskResponder { request in
                guard request.method == .post, let notice = try? decodeJSON(IncidentNotice.self, from: request.body)
                else {
                    return .text(405, "post a notice")
                }
                let posts = received.current.value
                received.update(posts + [Post(key: request.fields["idempotency-key"], notice: notice)])
                return HTTPResponse(status: await answer(posts.count))
            }
        )
        server.start()
    }

    deinit {
        server.close()
        loop.stop()
    }

    public func url(host: String = "127.0.0.1") -> String { "http://\(host):\(server.address.port)/hook" }

    public var posts: [Post] { received.current.value }

    /// What was posted, once it is so many.
    public func posts(_ count: Int) async throws -> [Post] {
        var seen = -1
        while posts.count < count, let change = try await received.next(after: seen) { seen = change.version }
        return posts
    }
}
