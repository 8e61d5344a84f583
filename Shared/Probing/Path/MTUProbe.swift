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
            if let bytes = found.bytes {
                look.metadata.integer("mtu_bytes", bytes)
                look.metadata.text("evidence", found.evidence.rawValue)
            }
            if let source = found.timeSource { look.metadata.text("time_source", source.rawValue) }
            return ProbeOutcome(
                startedAt: look.startedAt,
                reason: found.bytes == nil ? .timeout : .none,
                latencyMicroseconds: found.roundTripNanoseconds.map { Double($0) / 1_000 },
                sent: found.sent,
                received: found.received,
                metadata: look.metadata
            )
        }
    }
}
