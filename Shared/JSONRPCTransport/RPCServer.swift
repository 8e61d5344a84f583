public import EventLoop
public import HTTP
public import JSONRPC
public import Lifecycle
public import Observability
public import TLS

/// Serves the mesh: HTTP/2 with mutual TLS.
public struct RPCServer: Service {
    private let server: HTTPServer

    /// Binds at once; answers when it runs.
    public init(
        on address: SocketAddress,
        loops: [EventLoop],
        identity: TLSIdentity,
        responder: @escaping HTTPResponder,
        limits: HTTPLimits = .mesh,
        log: Log,
        metrics: Metrics
    ) throws(SystemError) {
        server = try HTTPServer(
            on: address,
            loops: loops,
            tls: { identity.server },
            limits: limits,
            log: log,
            metrics: HTTPServerMetrics(metrics, role: "mesh"),
            responder: responder
        )
    }

    /// Serves a router at `/rpc`.
    public init(
        on address: SocketAddress,
        loops: [EventLoop],
        identity: TLSIdentity,
        router: RPCRouter,
        limits: HTTPLimits = .mesh,
        log: Log,
        metrics: Metrics
    ) throws(SystemError) {
        let rpc = RPCHandler(router)
        try self.init(
            on: address,
            loops: loops,
            identity: identity,
            responder: { request in rpc.answer(request) },
            limits: limits,
            log: log,
            metrics: metrics
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
}
