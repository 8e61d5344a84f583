import Contracts
import EventLoop
import Simulation

/// As many echoes as a run has, each with a time of its own to be answered.
struct SimulatedEcho: SimulatedProbe {
    let point: SimulatedPoint
    let address: IPAddress
    let options: CheckOptions

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        let bytes = Int(EchoPacket(payloadBytes: options.payloadBytes ?? 56).payloadBytes)
        let gap = UInt64(options.gapMilliseconds ?? 25) * 1_000_000
        let count = options.packets ?? 1
        var metadata = look.metadata
        metadata.integer("payload_bytes", bytes)
        var results: [EchoResult] = Array(repeating: .failure(.timeout), count: count)
        var left = count
        let first = point.network.now
        for number in 0..<count {
            point.network.schedule(at: first + UInt64(number) * gap) { [point] in
                let sentAt = point.now
                point.vantage.echo(to: address, payloadBytes: bytes, timeout: look.timeout) { outcome in
                    results[number] = EchoResult(outcome, sentAt: sentAt)
                    left -= 1
                    if left == 0 { done(ProbeOutcome(startedAt: look.startedAt, results, metadata)) }
                }
            }
        }
    }
}

extension EchoResult {
    fileprivate init(_ outcome: SimulatedVantage.Outcome, sentAt: Timestamp) {
        switch outcome.ending {
        case .answered:
            self = .success(
                EchoReply(
                    roundTripNanoseconds: outcome.elapsed,
                    timeSource: .simulation,
                    sentAtMicroseconds: UInt64(sentAt.microseconds)
                )
            )
        case .refused: self = .failure(.unreachable("port unreachable"))
        case .unreachable: self = .failure(.unreachable("no route"))
        case .hopLimitExceeded: self = .failure(.hopLimitExceeded)
        case .packetTooBig: self = .failure(.packetTooBig)
        case .timeout: self = .failure(.timeout)
        }
    }
}
