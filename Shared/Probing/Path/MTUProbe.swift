import Contracts
import Egress
import EventLoop

/// One search for the largest packet that reaches a target whole.
struct MTUProbe: Probe {
    let destination: Destination
    let gate: AddressGate
    let engine: PathEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(ProbingError) in
            let found = try await engine.mtu(of: look.address, timeout: min(look.timeout, .seconds(1)))
            return ProbeOutcome(startedAt: look.startedAt, found, look.metadata)
        }
    }
}

extension ProbeOutcome {
    init(startedAt: Timestamp, _ found: PathMTU, _ metadata: ProbeMetadata) {
        var metadata = metadata
        if let bytes = found.bytes {
            metadata.integer("mtu_bytes", bytes)
            metadata.text("evidence", found.evidence.rawValue)
        }
        if let source = found.timeSource { metadata.text("time_source", source.rawValue) }
        self.init(
            startedAt: startedAt,
            reason: found.bytes == nil ? .timeout : .none,
            latencyMicroseconds: found.roundTripNanoseconds.map { Double($0) / 1_000 },
            sent: found.sent,
            received: found.received,
            metadata: metadata
        )
    }
}
