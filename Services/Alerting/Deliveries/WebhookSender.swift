import Contracts
import Egress
import EventLoop
import JSON

/// Posts notices: resolved, checked and connected to by egress, without redirects.
final class WebhookSender: Sendable {
    /// Nobody reads what a receiver answers.
    private static let maximumBodyBytes = 1_024
    private static let maximumHeaderBytes = 16_384

    private let egress: LoopBound<HTTPEgress>
    private let timeout: Duration

    private init(_ egress: LoopBound<HTTPEgress>, timeout: Duration) {
        self.egress = egress
        self.timeout = timeout
    }

    static func open(_ policy: AddressPolicy, timeout: Duration, on loop: EventLoop) async -> WebhookSender {
        await withTaskExecutorPreference(loop) {
            let egress = HTTPEgress(AddressGate(DNSResolver(on: loop), policy: policy))
            return WebhookSender(LoopBound(egress, on: loop), timeout: timeout)
        }
    }

    /// The status that a receiver answered with.
    func post(_ delivery: Delivery, to url: String) async throws -> Result<Int, EgressError> {
        var request = EgressRequest("POST", url, timeout: timeout)
        request.maximumBodyBytes = Self.maximumBodyBytes
        request.maximumHeaderBytes = Self.maximumHeaderBytes
        request.headers = [
            EgressHeader("Content-Type", "application/json"),
            EgressHeader("Idempotency-Key", delivery.key.idempotencyKey),
            EgressHeader("User-Agent", "sonde-alerting"),
        ]
        request.body = try encodeJSON(delivery.notice)
        return await withTaskExecutorPreference(egress.loop) { [request] in
            do throws(EgressError) {
                return .success(try await self.egress.value.perform(request).status)
            } catch {
                return .failure(error)
            }
        }
    }
}
