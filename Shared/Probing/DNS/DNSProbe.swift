import Contracts
import Egress
import EventLoop

/// One question to one DNS server; its latency is the time to the answer.
public struct DNSProbe: Probe {
    /// The server's name or address; `nil` for the first one of the system's configuration.
    let server: TargetAddress?
    let query: String
    let recordType: DNSRecordType
    let expectedAnswer: String?
    let timeout: Duration
    let gate: AddressGate

    public func run() async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let clock = LoopClock(gate.resolver.loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        metadata.text("query", query)
        metadata.text("record_type", recordType.name)
        do throws(EgressError) {
            let address = try await serverAddress()
            metadata.text("server", address.description)
            let left = timeout - start.duration(to: clock.now)
            let answer = try await gate.resolver.query(query, recordType, server: address, timeout: left)
            metadata.text("rcode", answer.responseCodeName)
            metadata.texts("answers", answer.records.map { "\($0.type.name) \($0.text)" })
            return ProbeOutcome(
                startedAt: startedAt,
                reason: isExpected(answer) ? .none : .dnsAnswer,
                latencyMicroseconds: Double(answer.elapsedMicroseconds),
                metadata: metadata
            )
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func serverAddress() async throws(EgressError) -> SocketAddress {
        if let server {
            return SocketAddress(
                try await gate.addresses(of: server.host, timeout: timeout)[0],
                port: server.port ?? 53
            )
        }
        guard let first = try gate.resolver.systemServers().first else {
            throw EgressError(.local, "this agent's system names no DNS server")
        }
        guard gate.policy.allows(first.address) else {
            throw EgressError(.forbidden, "the policy does not allow the system's DNS server")
        }
        return first
    }

    private func isExpected(_ answer: DNSAnswer) -> Bool {
        let texts = answer.records.filter { $0.type == recordType }.map { Self.plain($0.text) }
        guard answer.responseCode == 0, !texts.isEmpty else { return false }
        return expectedAnswer.map { texts.contains(Self.plain($0)) } ?? true
    }

    private static func plain(_ text: String) -> String {
        let lowercased = text.lowercased()
        return lowercased.hasSuffix(".") && lowercased.count > 1 ? String(lowercased.dropLast()) : lowercased
    }
}
