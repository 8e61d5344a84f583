import Contracts
import Egress
import EventLoop

/// One ICMP echo; its latency is the round trip.
public struct ICMPProbe: Probe {
    let host: String
    let payloadBytes: Int
    let timeout: Duration
    let gate: AddressGate
    let engine: ICMPEngine

    public func run() async -> ProbeOutcome {
        let startedAt = Timestamp.now
        let clock = LoopClock(engine.loop)
        let start = clock.now
        var metadata = ProbeMetadata()
        do throws(EgressError) {
            let address = try await gate.addresses(of: host, timeout: timeout)[0]
            metadata.text("address", address.description)
            let left = timeout - start.duration(to: clock.now)
            let result = await engine.echo(to: address, payloadBytes: payloadBytes, timeout: left)
            return outcome(of: result, startedAt: startedAt, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func outcome(of result: EchoResult, startedAt: Timestamp, _ metadata: ProbeMetadata) -> ProbeOutcome {
        var metadata = metadata
        switch result {
        case .success(let reply):
            metadata.integer("payload_bytes", payloadBytes)
            metadata.text("time_source", reply.timeSource.rawValue)
            return ProbeOutcome(
                startedAt: Timestamp(microseconds: Int64(reply.sentAtMicroseconds)),
                latencyMicroseconds: Double(reply.roundTripNanoseconds) / 1_000,
                metadata: metadata
            )
        case .failure(let failure):
            metadata.text("error", failure.description)
            return ProbeOutcome(startedAt: startedAt, reason: FailureReason(failure), metadata: metadata)
        }
    }
}

extension FailureReason {
    init(_ failure: EchoFailure) {
        self =
            switch failure {
            case .timeout: .timeout
            case .unreachable, .prohibited, .hopLimitExceeded, .packetTooBig: .unreachable
            case .permission: .permission
            case .busy, .cancelled, .local: .local
            }
    }
}

extension EchoFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timeout: "no reply in time"
        case .unreachable(let what): what
        case .prohibited: "administratively prohibited"
        case .hopLimitExceeded: "hop limit exceeded"
        case .packetTooBig: "packet too big"
        case .permission: "this agent may open neither a ping socket (net.ipv4.ping_group_range) nor a raw socket"
        case .busy: "too many echoes in flight"
        case .cancelled: "cancelled"
        case .local(let code): SystemError(code: code, message: "this agent's network").description
        }
    }
}
