import Contracts
import EventLoop
public import HTTP
public import JSONRPC
public import JSONRPCTransport
public import Lifecycle
import Observability
import Synchronization
public import Tokens

/// Sends measurements to WebSocket clients as they are stored.
public struct Push: Service {
    private let feed: EventFeed
    private let authorizer: PersonAuthorizer
    private let gateway: RPCClient
    private let router: RPCRouter
    private let loop: EventLoop
    private let maximumClients: Int
    private let clients = ClientCount()
    /// Gets its second version when the process stops.
    private let stopping = Latest(())

    /// `authorizer` is asked who clients are, and again whether they still are; `gateway` for access tokens of programs,
    /// and `store` for the measurements.
    public init(
        _ settings: PushSettings,
        in process: MeshProcess,
        authorizer: PersonAuthorizer,
        gateway: RPCClient,
        store: RPCClient
    ) {
        loop = process.loop
        maximumClients = settings.maximumClients
        feed = EventFeed(store, historyBytes: settings.historyBytes, on: process.loop, log: process.log)
        self.authorizer = authorizer
        self.gateway = gateway
        var router = RPCRouter(title: "push", authorizer: OpenDoor(), log: process.log)
        router.handle(.authenticateStream) { try await Self.session.authenticate($0) }
        router.handle(.subscribeStream) { try await Self.session.subscribe($0) }
        self.router = router
        let clients = clients
        process.metrics.gauge("sonde_push_clients", "WebSockets open.") { Double(clients.value) }
    }

    /// Answers `/ws/stream`; everything else goes to `rpc`.
    public func answer(_ request: HTTPRequest, _ rpc: RPCHandler) -> HTTPAnswer {
        guard request.path == "/ws/stream" else { return rpc.answer(request) }
        guard request.peer.service == RPCPeer.gateway.rawValue else {
            return .now(.text(403, "only the gateway may connect here"))
        }
        if let refusal = WebSocketHandshake.refusal(of: request) { return .now(refusal) }
        guard clients.enter(limit: maximumClients) else { return .now(.text(503, "too many clients")) }
        let arrival = Arrival(request)
        return .now(HTTPResponse(status: 200, body: .tunnel { try await serve($0, arrival) }))
    }

    public func run() async throws {
        try await feed.run()
    }

    /// Sends every client away, which nothing else would; to be drained before the server.
    public func drain() async {
        stopping.update(())
    }

    private func serve(_ tunnel: HTTPTunnel, _ arrival: Arrival) async throws {
        defer { clients.leave() }
        var limits = WebSocketLimits()
        limits.messageBytes = StreamSession.strangersMessageBytes
        let socket = try WebSocket(tunnel, isServer: true, on: loop, limits: limits)
        let session = StreamSession(
            socket,
            of: arrival,
            feed: feed,
            router: router,
            authorizer: authorizer,
            gateway: gateway,
            on: loop
        )
        await session.run(until: stopping)
    }

    private static var session: StreamSession {
        get throws(RPCError) {
            guard let session = StreamSession.current else {
                throw RPCError(.invalidRequest, "this method is for WebSockets")
            }
            return session
        }
    }
}

/// How many clients are connected.
private final class ClientCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func enter(limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() {
        count.withLock { $0 -= 1 }
    }
}
