import Configuration
import Egress
import EventLoop

/// Posts requests to where the operator wants them: any address but link-local and metadata ones, without redirects.
final class TelemetrySender: Sendable {
    private static let maximumBodyBytes = 1_024
    /// Of what a receiver says of a fault.
    private static let loggedBytes = 200
    private static let maximumHeaderBytes = 16_384

    private let egress: LoopBound<HTTPEgress>

    private init(_ egress: LoopBound<HTTPEgress>) {
        self.egress = egress
    }

    static func open(on loop: EventLoop) async -> TelemetrySender {
        await withTaskExecutorPreference(loop) {
            let egress = HTTPEgress(AddressGate(DNSResolver(on: loop), policy: .standard))
            return TelemetrySender(LoopBound(egress, on: loop))
        }
    }

    func post(
        _ body: TelemetryBody,
        to destination: TelemetrySettings.Destination,
        headers: [(String, String)],
        timeout: Duration
    ) async -> Result<TelemetryAnswer, EgressError> {
        var request = EgressRequest("POST", destination.url, timeout: timeout)
        request.maximumBodyBytes = Self.maximumBodyBytes
        request.maximumHeaderBytes = Self.maximumHeaderBytes
        request.headers = headers.map { EgressHeader($0.0, $0.1) } + [EgressHeader("User-Agent", "sonde-store")]
        if let authorization = destination.authorization {
            request.headers.append(EgressHeader("Authorization", authorization.exposed))
        }
        request.body = body.bytes
        return await withTaskExecutorPreference(egress.loop) { [request] in
            do throws(EgressError) {
                let response = try await self.egress.value.perform(request)
                let words = String(decoding: response.body.prefix(Self.loggedBytes), as: UTF8.self)
                let retryAfter = response.header("retry-after")
                return .success(TelemetryAnswer(status: response.status, retryAfter: retryAfter, words: words))
            } catch {
                return .failure(error)
            }
        }
    }
}
