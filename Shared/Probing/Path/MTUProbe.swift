import Contracts
import Egress
import EventLoop

/// One search for the largest packet that reaches a target whole.
struct MTUProbe: Probe {
    let destination: Destination
    let gate: AddressGate
    let engine: PathEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        var metadata = ProbeMetadata()
        let address: IPAddress
        do throws(EgressError) {
            address = try await destination.address(from: gate, timeout: timeout)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
        metadata.text("address", address.description)
        do throws(ProbingError) {
            let found = try await engine.mtu(of: address, timeout: min(timeout, .seconds(1)))
            if let bytes = found.bytes {
                metadata.integer("mtu_bytes", bytes)
                metadata.text("evidence", found.evidence.rawValue)
            }
            if let source = found.timeSource { metadata.text("time_source", source.rawValue) }
            return ProbeOutcome(
                startedAt: startedAt,
                reason: found.bytes == nil ? .timeout : .none,
                latencyMicroseconds: found.roundTripNanoseconds.map { Double($0) / 1_000 },
                sent: found.sent,
                received: found.received,
                metadata: metadata
            )
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }
}
