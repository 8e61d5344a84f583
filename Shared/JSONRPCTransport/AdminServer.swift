public import EventLoop
import HTTP
public import Lifecycle
public import Observability
import Synchronization

/// Whether a process may be sent work.
public final class ReadyState: Sendable {
    private let state = Mutex((hasStarted: false, troubles: Set<String>()))

    public init() {}

    /// Whether it has begun to work, or stands by for another one that works.
    public var hasStarted: Bool {
        get { state.withLock { $0.hasStarted } }
        set { state.withLock { $0.hasStarted = newValue } }
    }

    /// Notes that something keeps it from its work, or does no more.
    func note(_ trouble: String, isOver: Bool) {
        state.withLock { state in
            if isOver { state.troubles.remove(trouble) } else { state.troubles.insert(trouble) }
        }
    }

    /// Why not; `nil` when it may be.
    var obstacle: String? {
        state.withLock { state in
            guard state.hasStarted else { return "not ready" }
            return state.troubles.isEmpty ? nil : "not ready: \(state.troubles.sorted().joined(separator: ", "))"
        }
    }
}

/// Answers kubelets and scrapers, without a certificate, on a port of its own.
public struct AdminServer: Service {
    private let server: HTTPServer

    public init(
        on address: SocketAddress,
        loop: EventLoop,
        readiness: ReadyState,
        log: Log,
        metrics: Metrics
    ) throws(SystemError) {
        server = try HTTPServer(
            on: address,
            loops: [loop],
            log: log,
            metrics: HTTPServerMetrics(metrics, role: "admin"),
            responder: { request in .now(Self.answer(request, readiness, metrics)) }
        )
    }

    public var address: SocketAddress { server.address }

    /// Answers before it runs, too.
    func start() {
        server.start()
    }

    public func run() async throws {
        start()
        await untilCancelled()
        server.close()
    }

    public func drain() async {
        await server.drain()
    }

    private static func answer(_ request: HTTPRequest, _ readiness: ReadyState, _ metrics: Metrics) -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return HTTPResponse(status: 405, fields: ["allow": "GET, HEAD"])
        }
        return switch request.path {
        case "/healthz": .text(200, "ok")
        case "/readyz": readiness.obstacle.map { .text(503, $0) } ?? .text(200, "ready")
        case "/metrics": HTTPResponse(status: 200, contentType: "text/plain; version=0.0.4", metrics.text())
        default: .text(404, "not found")
        }
    }
}
