import EventLoop
import HTTP

/// Asks a service whether it is ready.
struct HealthCheck: Sendable {
    private let connector: LoopBound<HTTPConnector>

    init(on loop: EventLoop) {
        connector = LoopBound(HTTPConnector(loop: loop), on: loop)
    }

    func isReady(_ address: SocketAddress) async -> Bool {
        await withTaskExecutorPreference(connector.loop) {
            do {
                let connection = try await connector.value.connect(to: address, tls: nil)
                defer { connection.close() }
                let request = HTTPClientRequest(.get, "/readyz", authority: address.description)
                return try await connection.send(request, timeout: .seconds(2)).status == 200
            } catch {
                return false
            }
        }
    }
}
