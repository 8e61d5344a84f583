import Contracts
import EventLoop
import Foundation
import HTTP
import JSON
import JSONRPC
import TLS

/// Calls a gateway's API as the person who signed in, or with the API token in `SONDE_TOKEN`.
actor APIClient {
    /// How long a call waits in all for a gateway that is asked too much.
    private static let patience = Duration.seconds(60)

    private var session: SessionFile
    private let isSaved: Bool
    private let apiToken: String?
    private let loop: EventLoop
    private let connector: LoopBound<HTTPConnector>
    private var tokens: TokenPair?
    /// A minute before the access token runs out.
    private var renewAt = ContinuousClock.now

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    init(
        _ session: SessionFile,
        isSaved: Bool = true,
        apiToken: String? = SessionFile.apiToken
    ) throws {
        self.session = session
        self.apiToken = apiToken
        self.isSaved = isSaved
        loop = try EventLoop(name: "api")
        try loop.start()
        connector = LoopBound(HTTPConnector(loop: loop), on: loop)
    }

    /// Signs in; the session lasts as long as this client, unless it is saved.
    init(signingInTo url: String, _ credentials: Credentials) async throws {
        try self.init(SessionFile(url: url, refreshToken: ""), isSaved: false)
        let tokens = try await call(.login, credentials, token: nil)
        take(tokens)
    }

    /// Remembers the session for later commands.
    func save() throws {
        try session.save()
    }

    func call<Params, Result>(_ method: RPCMethod<Params, Result>, _ params: Params) async throws -> Result {
        var patience = Self.patience
        while true {
            do {
                return try await call(method, params, token: accessToken())
            } catch let error as RPCError where error.code == .busy {
                // The call was not begun.
                var pause = Duration.seconds(1)
                if case .int(let milliseconds)? = error.data?["retry_after_ms"] { pause = .milliseconds(milliseconds) }
                guard pause <= patience else { throw error }
                patience -= pause
                try await LoopClock(loop).sleep(for: pause)
            }
        }
    }

    /// What anybody may read there; `nil` when there is nothing.
    func page(_ path: String) async throws -> [UInt8]? {
        let fields: HTTPFields = ["user-agent": "sonde/\(Release.version)"]
        let request = HTTPClientRequest(.get, path, authority: session.authority, fields: fields)
        let response = try await send(try await connect(), request)
        return response.status == 200 ? response.body : nil
    }

    /// Hands over the elements of a stream, one after another, until the gateway ends it.
    func follow<Params, Result, Element>(
        _ method: RPCStreamMethod<Params, Result, Element>,
        _ params: Params,
        _ body: (Element) async throws -> Void
    ) async throws {
        let request = try request(method.name, params, token: await accessToken())
        let connection = try await connect()
        let (head, tunnel) = try await open(connection, request)
        guard head.status == 200 else { throw CommandLineError(.failed, "the gateway answered \(head.status)") }
        var buffer: [UInt8] = []
        var isFirst = true
        while true {
            let bytes = try await read(tunnel)
            // An error instead of a stream is one document, which no line feed ends.
            buffer += bytes ?? (buffer.isEmpty ? [] : [UInt8(ascii: "\n")])
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let params = try Self.params(of: Array(buffer[..<end]))
                buffer.removeFirst(end + 1)
                if !isFirst, let params { try await body(Element(payload: params.json()[...])) }
                isFirst = false
            }
            guard bytes != nil else { return }
        }
    }

    /// What a line of a stream carries; throws the error that it may be.
    private static func params(of line: [UInt8]) throws -> JSONValue? {
        let document = try JSONValue(json: line)
        if let error = document["error"] ?? (document["method"] == "rpc.error" ? document["params"] : nil) {
            throw try RPCError(json: error.json())
        }
        return document["params"]
    }

    private func call<Params, Result>(
        _ method: RPCMethod<Params, Result>,
        _ params: Params,
        token: String?
    ) async throws -> Result {
        let request = try request(method.name, params, token: token)
        let connection = try await connect()
        let response = try await send(connection, request)
        guard response.status == 200 else { throw Self.refusal(response) }
        let document = try JSONValue(json: response.body)
        if let error = document["error"] { throw try RPCError(json: error.json()) }
        return try Result(payload: (document["result"] ?? .null).json()[...])
    }

    /// What the gateway says before it looks at the call: problem details (RFC 9457).
    private static func refusal(_ response: HTTPClientResponse) -> any Error {
        let problem = try? JSONValue(json: response.body)
        guard case .string(let detail)? = problem?["detail"], case .int(let code)? = problem?["code"] else {
            return CommandLineError(.failed, "the gateway answered \(response.status)")
        }
        let seconds = response.fields["retry-after"].flatMap { Int($0) }
        return RPCError(.init(rawValue: code), detail, data: seconds.map { ["retry_after_ms": .int($0 * 1_000)] })
    }

    private func accessToken() async throws -> String {
        if let apiToken { return apiToken }
        if let tokens, renewAt > .now { return tokens.accessToken }
        // Another command may have used up the token that this one began with.
        if isSaved, let newest = try? SessionFile.load(), newest.url == session.url { session = newest }
        let fresh = try await call(.refreshTokens, RefreshToken(refreshToken: session.refreshToken), token: nil)
        take(fresh)
        // The old one is used up: keep the new one before anything else can fail.
        if isSaved { try session.save() }
        return fresh.accessToken
    }

    private func take(_ fresh: TokenPair) {
        session.refreshToken = fresh.refreshToken
        tokens = fresh
        renewAt = ContinuousClock.now.advanced(by: .seconds(fresh.expiresInSeconds - 60))
    }

    private func request(_ name: String, _ params: some RPCPayload, token: String?) throws -> HTTPClientRequest {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("jsonrpc")
        writer.string("2.0")
        writer.key("id")
        writer.int(1)
        writer.key("method")
        writer.string(name)
        writer.key("params")
        try params.writePayload(to: &writer)
        writer.endObject()
        var fields: HTTPFields = ["content-type": "application/json", "user-agent": "sonde/\(Release.version)"]
        if let token { fields.append("authorization", "Bearer \(token)") }
        return HTTPClientRequest(.post, "/rpc", authority: session.authority, fields: fields, body: writer.bytes)
    }

    private func connect() async throws -> LoopBound<HTTPClientConnection> {
        let endpoint = session.endpoint
        let tls = session.isEncrypted ? try TLSContext.webClient() : nil
        let host = session.host
        return try await withTaskExecutorPreference(loop) { [loop, connector] in
            do {
                let addresses = try await HostResolver.resolve(endpoint)
                var failure: (any Error)?
                for address in addresses {
                    do {
                        let connection = try await connector.value.connect(
                            to: address,
                            tls: tls,
                            serverName: tls.map { _ in host }
                        )
                        return LoopBound(connection, on: loop)
                    } catch {
                        failure = error
                    }
                }
                throw failure ?? CommandLineError(.unavailable, "\(endpoint) has no address")
            } catch {
                throw CommandLineError(.unavailable, "\(endpoint) cannot be reached: \(error)")
            }
        }
    }

    private func send(
        _ connection: LoopBound<HTTPClientConnection>,
        _ request: HTTPClientRequest
    ) async throws -> HTTPClientResponse {
        try await withTaskExecutorPreference(loop) {
            defer { connection.value.close() }
            return try await connection.value.send(request, timeout: .seconds(30))
        }
    }

    /// With the loop as the task's own: without that, what wakes a reader may run beside the loop, and with it what
    /// receives.
    private func read(_ tunnel: HTTPTunnel) async throws -> [UInt8]? {
        try await withTaskExecutorPreference(loop) { try await tunnel.read() }
    }

    private func open(
        _ connection: LoopBound<HTTPClientConnection>,
        _ request: HTTPClientRequest
    ) async throws -> (head: HTTPClientResponse, tunnel: HTTPTunnel) {
        try await withTaskExecutorPreference(loop) { try await connection.value.open(request) }
    }
}
