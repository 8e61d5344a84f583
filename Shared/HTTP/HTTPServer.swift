public import EventLoop
public import Observability
import Synchronization
public import TLS

/// Serves HTTP on one address: HTTP/2 and HTTP/1.1, on every loop it is given.
///
/// With the mesh's TLS it speaks HTTP/2 alone; with public TLS what ALPN agrees on; without TLS it tells HTTP/2 from
/// HTTP/1.1 by the connection's first bytes (RFC 9113, section 3.3).
public final class HTTPServer: Sendable {
    /// Gives each new connection the context of that moment; `nil` for no TLS.
    public typealias TLSSource = @Sendable () -> TLSContext

    private let loops: [LoopBound<HTTPServerLoop>]
    public let address: SocketAddress

    /// `refusal` words what is refused before it is a request that a responder could answer; its body is bytes.
    ///
    /// Binds at once, so that a port in use is found before anything starts; accepts when `start` is called.
    public init(
        on address: SocketAddress,
        loops: [EventLoop],
        tls: TLSSource? = nil,
        limits: HTTPLimits = HTTPLimits(),
        log: Log,
        metrics: HTTPServerMetrics,
        refusal: @escaping HTTPRefusal = HTTPResponse.text,
        responder: @escaping HTTPResponder
    ) throws(SystemError) {
        var address = address
        var bound: [LoopBound<HTTPServerLoop>] = []
        for (index, loop) in loops.enumerated() {
            let listener = try TCPSocket.listen(on: address, sharingPort: loops.count > 1)
            if index == 0 { address = try TCPSocket.localAddress(of: listener) }
            let server = HTTPServerLoop(
                listener,
                loop: loop,
                tls: tls,
                limits: limits,
                log: log,
                metrics: metrics,
                refusal: refusal,
                responder: responder
            )
            bound.append(LoopBound(server, on: loop))
        }
        self.address = address
        self.loops = bound
    }

    /// Begins to accept; who came before waits in the kernel's queue.
    public func start() {
        for bound in loops {
            bound.loop.execute { bound.value.start() }
        }
    }

    /// Accepts nothing new, and returns when every connection has finished what it was doing.
    public func drain() async {
        for bound in loops {
            await withCheckedContinuation { continuation in
                bound.loop.execute { bound.value.drain { continuation.resume() } }
            }
        }
    }

    /// Closes everything at once.
    public func close() {
        for bound in loops {
            bound.loop.execute { bound.value.close() }
        }
    }
}

/// What a server counts.
public struct HTTPServerMetrics: Sendable {
    let accepted: Counter
    let refused: CounterFamily
    let requests: Counter
    let open = OpenConnections()

    /// `role` tells a process's servers apart.
    public init(_ metrics: Metrics, role: String) {
        accepted = metrics.counter("sonde_\(role)_connections_total", "Connections accepted.")()
        refused = metrics.counter(
            "sonde_\(role)_connections_refused_total",
            "Connections that ended before they were established, by cause.",
            labels: ["cause"]
        )
        requests = metrics.counter("sonde_\(role)_requests_total", "Requests begun.")()
        let open = open
        metrics.gauge("sonde_\(role)_open_connections", "Connections open.") { Double(open.count) }
    }
}

final class OpenConnections: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func change(by amount: Int) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }
}
