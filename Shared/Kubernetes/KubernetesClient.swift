import Configuration
public import EventLoop
import HTTP
import JSON

/// A client of the Kubernetes API, over one connection that is made when it is needed.
///
/// What the server refused unread (429, a connection that closes) is tried again, within limits; so is reading when the
/// connection breaks. Everything else is the caller's.
public final class KubernetesClient: Sendable {
    /// The connection in use; confined to the loop.
    private final class Connections {
        let connector: HTTPConnector
        var current: (any HTTPClient)?

        init(_ connector: HTTPConnector) {
            self.connector = connector
        }
    }

    /// Bytes of an answer that says why not.
    private static let refusalBytes = 65_536

    public let cluster: KubernetesCluster
    public let limits: KubernetesLimits
    let loop: EventLoop
    private let agent: String
    private let connections: LoopBound<Connections>

    /// `agent` is what the server's log calls this program.
    ///
    /// To be made on the loop, or before anything else knows of it.
    public init(
        _ cluster: KubernetesCluster,
        agent: String,
        loop: EventLoop,
        limits: KubernetesLimits = KubernetesLimits()
    ) {
        self.cluster = cluster
        self.limits = limits
        self.agent = agent
        self.loop = loop
        var http = HTTPLimits.mesh
        http.bodyBytes = limits.bodyBytes
        connections = LoopBound(Connections(HTTPConnector(loop: loop, limits: http)), on: loop)
    }

    /// Ends whatever is under way.
    public func close() {
        loop.execute { [connections] in
            connections.value.current?.close()
            connections.value.current = nil
        }
    }

    // MARK: Requests

    /// What is asked for, without who asks.
    struct Request: Sendable {
        var method: HTTPMethod
        var path: String
        var query: [(String, String)] = []
        var contentType = "application/json"
        var body: [UInt8] = []

        var isReading: Bool { method == .get }

        /// Path and query.
        var target: String {
            guard !query.isEmpty else { return path }
            return path + "?" + query.map { "\($0)=\($1.percentEncoded(but: "-._~"))" }.joined(separator: "&")
        }
    }

    /// The body of the answer to a request that succeeds.
    func send(_ request: Request) async throws -> [UInt8] {
        try await retrying(request.isReading) { http in
            let response = try await http.send(message(request), timeout: limits.requestTimeout)
            guard !(200..<300).contains(response.status) else { return response.body }
            throw refusal(response)
        }
    }

    /// The body of an answer that goes on and on, as it flows.
    func open(_ request: Request) async throws -> HTTPTunnel {
        try await retrying(true) { http in
            var (head, tunnel) = try await http.open(message(request), timeout: limits.requestTimeout)
            guard head.status != 200 else { return tunnel }
            while head.body.count < Self.refusalBytes, let bytes = try await tunnel.read() { head.body += bytes }
            throw refusal(head)
        }
    }

    /// Runs `work`, which is to be begun on the loop, with a connection, as often as that is safe and of use.
    private func retrying<Answer: Sendable>(
        _ isIdempotent: Bool,
        _ work: (any HTTPClient) async throws -> Answer
    ) async throws -> Answer {
        try await withTaskExecutorPreference(loop) {
            let clock = LoopClock(loop)
            let end = clock.now.advanced(by: limits.patience)
            var tries = 1
            while true {
                let failure: KubernetesFailure
                do {
                    return try await attempt(work)
                } catch let error as CancellationError {
                    throw error
                } catch let error as KubernetesFailure {
                    failure = error
                } catch {
                    failure = KubernetesFailure(error)
                }
                let pause = failure.error.retryAfter ?? .milliseconds(50 << tries) * Double.random(in: 0.5...1.5)
                guard failure.mayRetry(isIdempotent), tries < limits.tries, clock.now.advanced(by: pause) < end else {
                    throw failure.error
                }
                tries += 1
                try await clock.sleep(for: pause)
            }
        }
    }

    private func attempt<Answer>(_ work: (any HTTPClient) async throws -> Answer) async throws -> Answer {
        let http: any HTTPClient
        do {
            http = try await connection()
        } catch let error where !(error is CancellationError) {
            throw KubernetesFailure(connecting: error, to: cluster.endpoint)
        }
        return try await work(http)
    }

    private func connection() async throws -> any HTTPClient {
        if let current = connections.value.current, current.isUsable { return current }
        let context = try cluster.context()
        var failure: any Error = KubernetesError(.unavailable, "it has no address")
        for address in try await HostResolver.resolve(cluster.endpoint) {
            do {
                let fresh = try await connections.value.connector
                    .connectAny(to: address, tls: context, serverName: cluster.host)
                // Another request may have made one meanwhile, which finishes what it has.
                connections.value.current?.drain()
                connections.value.current = fresh
                return fresh
            } catch let error where !(error is CancellationError) {
                failure = error
            }
        }
        throw failure
    }

    private func message(_ request: Request) throws(KubernetesError) -> HTTPClientRequest {
        var fields: HTTPFields = ["accept": "application/json", "user-agent": agent]
        if !request.body.isEmpty { fields.append("content-type", request.contentType) }
        fields.append("authorization", "Bearer \(try cluster.token().exposed)")
        return HTTPClientRequest(
            request.method,
            request.target,
            authority: cluster.endpoint,
            fields: fields,
            body: request.body
        )
    }

    private func refusal(_ response: HTTPClientResponse) -> KubernetesError {
        let status = try? decodeJSON(KubernetesStatus.self, from: response.body)
        let seconds = status?.details?.retryAfterSeconds ?? response.fields["retry-after"].flatMap { Int($0) }
        return KubernetesError(
            status: response.status,
            status,
            retryAfter: seconds.map { .seconds(max(0, min($0, 3_600))) }
        )
    }
}

/// An error, and whether it is safe to ask again.
private struct KubernetesFailure: Error {
    private enum Safety {
        /// The request was not run.
        case always
        case ifIdempotent
        case never
    }

    let error: KubernetesError
    private let safety: Safety

    /// What came of asking.
    init(_ cause: any Error) {
        switch cause {
        case let cause as KubernetesError:
            error = cause
            safety =
                switch cause.code {
                // The token may have been exchanged between reading and sending it.
                case .busy, .unauthorized: .always
                case .server: .ifIdempotent
                default: .never
                }
        case let cause as HTTPError:
            let isOurs = cause.code == .protocolViolation || cause.code == .tooLarge || cause.code == .library
            error = KubernetesError(isOurs ? .protocolViolation : .unavailable, "the Kubernetes API: \(cause.message)")
            safety =
                switch cause.code {
                case .refused, .closing: .always
                case .connection, .reset: .ifIdempotent
                case .timeout, .tooLarge, .protocolViolation, .library: .never
                }
        default:
            error = KubernetesError(.protocolViolation, "the Kubernetes API: \(cause)")
            safety = .never
        }
    }

    /// What came of connecting: nothing was asked yet.
    init(connecting cause: any Error, to endpoint: String) {
        let known = cause as? KubernetesError
        error = known ?? KubernetesError(.unavailable, "the Kubernetes API at \(endpoint): \(cause)")
        safety = known?.code == .configuration ? .never : .always
    }

    func mayRetry(_ isIdempotent: Bool) -> Bool {
        switch safety {
        case .always: true
        case .ifIdempotent: isIdempotent
        case .never: false
        }
    }
}
