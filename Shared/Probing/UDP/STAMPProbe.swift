import Contracts
import Egress
import EventLoop

/// One session with a STAMP reflector (RFC 8762); its latency is the mean round trip without the reflector's own time.
struct STAMPProbe: Probe {
    let destination: Destination
    let port: UInt16
    let options: SeriesOptions
    let gate: AddressGate
    let engine: UDPEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(ProbingError) in
            look.metadata.integer("port", Int(port))
            let reflector = SocketAddress(look.address, port: port)
            let result = try await engine.stamp(with: reflector, options.within(look.timeout))
            look.metadata.add(result)
            return ProbeOutcome(startedAt: look.startedAt, result.series, look.metadata)
        }
    }
}

extension ProbeMetadata {
    mutating func add(_ result: STAMPResult) {
        func microseconds(_ milliseconds: Double) -> Int { Int(milliseconds.clamped(to: 0...1e9) * 1_000) }
        if let lost = result.forward.lost { integer("forward_lost", lost) }
        if let lost = result.backward.lost { integer("backward_lost", lost) }
        if result.lostAtTheEnd > 0 { integer("lost_at_the_end", result.lostAtTheEnd) }
        milliseconds("forward_jitter_ms", microseconds: microseconds(result.forward.jitter))
        milliseconds("backward_jitter_ms", microseconds: microseconds(result.backward.jitter))
        if let processing = result.processing { milliseconds("reflector_ms", microseconds: microseconds(processing)) }
        if let forward = result.forward.delays, let backward = result.backward.delays {
            milliseconds("forward_ms", microseconds: microseconds(forward.mean))
            milliseconds("backward_ms", microseconds: microseconds(backward.mean))
        }
        if let error = result.clockError { milliseconds("clock_error_ms", microseconds: microseconds(error)) }
    }
}
