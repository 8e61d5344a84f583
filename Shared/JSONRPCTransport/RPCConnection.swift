public import EventLoop
public import HTTP
public import JSONRPC
public import Lifecycle
public import Observability
public import TLS

/// The connection from one loop to one service of the mesh: kept up while it runs, and shared by all calls.
///
/// A call waits for the connection within its own time. One that the peer refused unread is tried again; one whose
/// connection broke, or whose peer was busy going away, only when its method is idempotent.
public final class RPCConnection: Service, RPCTransport {
    private static let defaultTimeout = Duration.seconds(10)
    /// For one address.
    private static let connectTimeout = Duration.seconds(4)

    private let peer: RPCPeer
    private let endpoint: String
    private let identity: TLSIdentity
    private let state: LoopBound<ConnectionState>
    private let loop: EventLoop
    private let log: Log
    private let traces = TraceSource()
    /// What all calls have in common.
    private let template: HTTPClientRequest
    private let connects: CounterFamily

    /// `endpoint` is the peer's `host:port`, or several with commas between; any of its addresses is as good as another,
    /// and one that refuses may be a replica that stands by.
    public init(
        to peer: RPCPeer,
        at endpoint: String,
        identity: TLSIdentity,
        loop: EventLoop,
        limits: HTTPLimits = .mesh,
        log: Log,
        metrics: Metrics
    ) {
        self.peer = peer
        self.endpoint = endpoint
        self.identity = identity
        self.loop = loop
        self.log = log
        var limits = limits
        limits.handshakeTimeout = min(limits.handshakeTimeout, Self.connectTimeout)
        state = LoopBound(ConnectionState(HTTPConnector(loop: loop, limits: limits)), on: loop)
        var template = HTTPClientRequest(
            .post,
            "/rpc",
            authority: peer.rawValue,
            fields: ["content-type": "application/json"]
        )
        template.keepsFields = false
        self.template = template
        let name = peer.rawValue.map { $0 == "-" ? "_" : String($0) }.joined()
        connects = metrics.counter(
            "sonde_connects_to_\(name)_total",
            "Attempts to connect to \(peer.rawValue), by outcome.",
            labels: ["outcome"]
        )
    }

    public var client: RPCClient { RPCClient(self) }

    /// Keeps the connection up until it is cancelled.
    public func run() async throws {
        await withTaskExecutorPreference(loop) {
            var random = SystemRandomNumberGenerator()
            var backoff = Backoff(to: .seconds(5))
            while !Task.isCancelled {
                do {
                    try await connectOnce()
                    backoff.reset()
                } catch is CancellationError {
                    break
                } catch {
                    connects("failed").increment()
                    if state.value.noteFailure("\(error)") {
                        log.warning("cannot reach a peer", ["peer": peer.rawValue, "error": "\(error)"])
                    }
                }
                try? await LoopClock(loop).sleep(for: backoff.next(using: &random))
            }
            state.value.close()
        }
    }

    /// Connects, and returns when the connection takes no more calls.
    private func connectOnce() async throws {
        let context = identity.client
        let connection = try await connect(with: context)
        connects("connected").increment()
        if state.value.noteSuccess() { log.info("reached a peer again", ["peer": peer.rawValue]) }
        state.value.use(connection)
        await withDiscardingTaskGroup { group in
            group.addTask { [identity, loop, state] in
                // Calls go on over the old connection until the new one is there.
                while identity.client === context, !Task.isCancelled {
                    try? await LoopClock(loop).sleep(for: .seconds(1))
                }
                state.value.retire()
            }
            await connection.untilUnusable()
            group.cancelAll()
        }
        state.value.dismiss(connection)
    }

    /// Connects to the first of the peer's addresses, in any order, that takes a connection.
    ///
    /// One of them may be of a pod whose node has failed, so none is waited for as long as a call.
    private func connect(with context: TLSContext) async throws -> HTTPClientConnection {
        var failure: any Error = HTTPError(.connection, "\(endpoint) has no address")
        for address in try await HostResolver.resolve(endpoint).shuffled() {
            do {
                return try await state.value.connector.connect(to: address, tls: context, expecting: peer.rawValue)
            } catch let error where !(error is CancellationError) {
                failure = error
            }
        }
        throw failure
    }

    // MARK: RPCTransport

    public func send(_ message: RPCOutgoing) async throws -> [UInt8] {
        guard loop.isCurrent else {
            return try await withTaskExecutorPreference(loop) { try await self.send(message) }
        }
        // As of this turn of the loop, which is close enough to the millisecond.
        var now = loop.instant
        let deadline = deadline(of: message, now)
        var backoff = Backoff(to: .seconds(1))
        var mayHaveRun = false
        while true {
            var isSent = false
            do {
                let connection: HTTPClientConnection
                if let usable = state.value.usable {
                    connection = usable
                } else {
                    connection = try await state.value.connection(until: deadline)
                    now = .now
                }
                let left = now.duration(to: deadline)
                guard left > .zero else { throw HTTPError(.timeout, "") }
                isSent = true
                let response = try await connection.send(request(message), timeout: left) { fields in
                    fields.append("deadline", decimal: max(1, Int(left.inMilliseconds)))
                    add(message.context, to: &fields)
                }
                return try body(of: response)
            } catch let error as HTTPError {
                if isSent, error.code != .refused, error.code != .closing { mayHaveRun = true }
                let failure = mayHaveRun ? translate(error).withUnknownOutcome : translate(error)
                guard mayRetry(error, message) else { throw failure }
                var random = SystemRandomNumberGenerator()
                let pause = backoff.next(using: &random)
                guard ContinuousClock.now.advanced(by: pause) < deadline else { throw failure }
                try await LoopClock(loop).sleep(for: pause)
                now = .now
            }
        }
    }

    public func open(_ message: RPCOutgoing) async throws -> any RPCLineSource {
        try await withTaskExecutorPreference(loop) { try await self.openOnLoop(message) }
    }

    /// Bytes both ways with what the peer serves at `path`, by an extended CONNECT (RFC 8441) with `more` fields.
    public func upgrade(_ path: String, to name: String, with more: HTTPFields = [:]) async throws -> HTTPTunnel {
        try await withTaskExecutorPreference(loop) {
            let deadline = ContinuousClock.now.advanced(by: Self.defaultTimeout)
            let connection = try await state.value.connection(until: deadline)
            var fields: HTTPFields = ["sec-websocket-version": "13"]
            for (name, value) in more.all { fields.append(name, value) }
            let request = HTTPClientRequest(.connect, path, authority: peer.rawValue, fields: fields, upgrade: name)
            let (head, tunnel) = try await connection.open(request)
            guard head.status == 200 else {
                throw RPCError(.unavailable, "\(peer.rawValue) answered with status \(head.status)")
            }
            return tunnel
        }
    }

    private func openOnLoop(_ message: RPCOutgoing) async throws -> any RPCLineSource {
        do {
            let connection = try await state.value.connection(until: deadline(of: message, .now))
            let (head, tunnel) = try await connection.open(request(message)) { add(message.context, to: &$0) }
            guard head.status == 200 else {
                throw RPCError(.unavailable, "\(peer.rawValue) answered with status \(head.status)")
            }
            return LineReader(tunnel, on: loop)
        } catch let error as HTTPError {
            throw translate(error)
        }
    }

    private func deadline(
        of message: RPCOutgoing,
        _ now: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        let own = now.advanced(by: message.timeout ?? Self.defaultTimeout)
        return message.context?.deadline.map { min($0, own) } ?? own
    }

    private func request(_ message: RPCOutgoing) -> HTTPClientRequest {
        var request = template
        request.body = message.body
        return request
    }

    private func add(_ context: CallContext?, to fields: inout HTTPFields) {
        fields.append("traceparent", ascii: traces.child(of: context?.trace).traceparent.span)
        if let token = context?.token { fields.append("authorization", "Bearer \(token.exposed)") }
    }

    private func body(of response: HTTPClientResponse) throws(RPCError) -> [UInt8] {
        guard response.status == 200 else {
            throw RPCError(.unavailable, "\(peer.rawValue) answered with status \(response.status)")
        }
        return response.body
    }

    private func mayRetry(_ error: HTTPError, _ message: RPCOutgoing) -> Bool {
        switch error.code {
        case .refused, .closing: true
        case .connection, .reset: message.isIdempotent
        case .timeout, .tooLarge, .protocolViolation, .library: false
        }
    }

    private func translate(_ error: HTTPError) -> RPCError {
        switch error.code {
        case .timeout: RPCError(.deadlineExceeded, "\(peer.rawValue) did not answer in time")
        default: RPCError(.unavailable, "\(peer.rawValue) cannot be reached: \(error.message)")
        }
    }
}
