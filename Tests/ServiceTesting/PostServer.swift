import EventLoop
public import HTTP
import Lifecycle
import Observability

/// An HTTP server that keeps the bodies it is posted, and answers as it is told.
public final class PostServer: Sendable {
    public struct Post: Sendable {
        public var fields: HTTPFields
        public var body: [UInt8]
    }

    private let server: HTTPServer
    private let loop: EventLoop
    private let received = Latest<[Post]>([])

    /// `answer` responds to the post of this number, counted from 0; with `nil` the client waits for ever.
    public init(_ answer: @escaping @Sendable (Int) -> HTTPResponse?) throws {
        loop = try EventLoop(name: "posts")
        try loop.start()
        let received = received
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            log: Log(label: "posts", sink: MemorySink()),
            metrics: HTTPServerMetrics(Metrics(), role: "posts"),
            responder: taskResponder { request in
                let posts = received.current.value
                received.update(posts + [Post(fields: request.fields, body: Array(request.body))])
                if let response = answer(posts.count) { return response }
                _ = try? await Latest(()).next(after: 0)
                return HTTPResponse(status: 500)
            }
        )
        server.start()
    }

    deinit {
        server.close()
        loop.stop()
    }

    public var url: String { "http://127.0.0.1:\(server.address.port)/posts" }

    public var posts: [Post] { received.current.value }

    /// What was posted, once it is so much.
    public func posts(_ count: Int) async throws -> [Post] {
        var seen = -1
        while posts.count < count, let change = try await received.next(after: seen) { seen = change.version }
        return posts
    }
}
