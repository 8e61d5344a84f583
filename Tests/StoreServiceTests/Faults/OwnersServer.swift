import Contracts
import EventLoop
import HTTP
import JSONRPC
import JSONRPCTransport
import Observability
import TLS

/// An orchestrator on the wire to whom all checks are the first tenant's, for as long as this lives.
final class OwnersServer: Sendable {
    private let loop: EventLoop
    private let server: HTTPServer

    init(_ identity: TLSIdentity) throws {
        loop = try EventLoop(name: "orchestrator")
        try loop.start()
        let log = Log(label: "orchestrator", sink: MemorySink())
        var router = RPCRouter(title: "orchestrator", log: log)
        router.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map { _ in .first }) }
        let rpc = RPCHandler(router)
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            tls: { identity.server },
            limits: .mesh,
            log: log,
            metrics: HTTPServerMetrics(Metrics(), role: "mesh"),
            responder: { rpc.answer($0) }
        )
        server.start()
    }

    deinit {
        server.close()
        loop.stop()
    }

    var endpoint: String { "127.0.0.1:\(server.address.port)" }
}
