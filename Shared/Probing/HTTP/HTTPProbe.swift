import Contracts
import Egress

/// One GET over a connection of its own; its latency is the whole time, from resolution to the last byte kept.
public struct HTTPProbe: Probe {
    /// Bytes of the body in which a text is looked for.
    static let bodyBytes = 65_536

    let url: String
    /// Empty: everything from 200 to 399 is expected.
    let expectedStatus: Set<Int>
    let bodyContains: String?
    let timeout: Duration
    let egress: HTTPEgress

    public func run() async -> ProbeOutcome {
        let startedAt = Timestamp.now
        var request = EgressRequest("GET", url, timeout: timeout)
        request.maximumBodyBytes = Self.bodyBytes
        do throws(EgressError) {
            return outcome(of: try await egress.perform(request), startedAt: startedAt)
        } catch {
            var metadata = ProbeMetadata()
            if let address = error.remoteAddress { metadata.text("address", address) }
            metadata.phases(error.times)
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func outcome(of response: EgressResponse, startedAt: Timestamp) -> ProbeOutcome {
        var metadata = ProbeMetadata()
        metadata.text("address", response.remoteAddress)
        metadata.integer("status", response.status)
        metadata.text("http_version", response.httpVersion)
        metadata.integer("body_bytes", response.body.count)
        metadata.phases(response.times)
        return ProbeOutcome(
            startedAt: startedAt,
            reason: reason(response),
            latencyMicroseconds: Double(response.times.total),
            metadata: metadata
        )
    }

    private func reason(_ response: EgressResponse) -> FailureReason {
        let isExpected =
            expectedStatus.isEmpty ? (200..<400).contains(response.status) : expectedStatus.contains(response.status)
        guard isExpected else { return .httpStatus }
        guard let bodyContains else { return .none }
        return String(decoding: response.body, as: UTF8.self).contains(bodyContains) ? .none : .httpBody
    }
}

extension ProbeMetadata {
    fileprivate mutating func phases(_ times: EgressTimes) {
        milliseconds("dns_ms", microseconds: times.dns)
        milliseconds("connect_ms", microseconds: times.connect)
        milliseconds("tls_ms", microseconds: times.tls)
        milliseconds("first_byte_ms", microseconds: times.firstByte)
        milliseconds("total_ms", microseconds: times.total)
    }
}
