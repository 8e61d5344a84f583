public import EventLoop
import HTTP
public import Lifecycle
public import Observability
import Synchronization

/// Whether a process may be sent work.
public final class ReadyState: Sendable {
    private let value = Atomic<Bool>(false)

    public init() {}

    public var isReady: Bool {
        get { value.load(ordering: .relaxed) }
        set { value.store(newValue, ordering: .relaxed) }
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

    public func run() async throws {
        server.start()
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
        case "/readyz": readiness.isReady ? .text(200, "ready") : .text(503, "not ready")
        case "/metrics": HTTPResponse(status: 200, contentType: "text/plain; version=0.0.4", metrics.text())
        default: .text(404, "not found")
        }
    }
}
