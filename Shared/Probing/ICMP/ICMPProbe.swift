import Contracts
import Egress
import EventLoop

/// One or more ICMP echoes; the latency is the mean round trip.
struct ICMPProbe: Probe {
    let destination: Destination
    let packet: EchoPacket
    let count: Int
    let gap: Duration
    let gate: AddressGate
    let engine: ICMPEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(EgressError) in
            look.metadata.integer("payload_bytes", Int(packet.payloadBytes))
            if packet.trafficClass > 0 { look.metadata.integer("dscp", Int(packet.trafficClass >> 2)) }
            let results = await results(look.address, look.timeout)
            return ProbeOutcome(startedAt: look.startedAt, results, look.metadata)
        }
    }

    private func results(_ address: IPAddress, _ timeout: Duration) async -> [EchoResult] {
        guard count > 1 else { return [await engine.echo(to: address, packet, timeout: timeout)] }
        return await EchoRun.results(of: count, gap: gap, timeout: timeout, to: address, packet, by: engine)
    }
}

extension ProbeOutcome {
    /// Of a run of echoes, in the order of sending.
    init(startedAt: Timestamp, _ results: [EchoResult], _ metadata: ProbeMetadata) {
        var metadata = metadata
        let replies = results.compactMap { try? $0.get() }
        let failures = results.compactMap(\.failure)
        let statistics = PacketStatistics(
            results.map { (try? $0.get()).map { Double($0.roundTripNanoseconds) / 1_000_000 } }
        )
        if let source = replies.map(\.timeSource).max() {
            metadata.text("time_source", source.rawValue)
        }
        // A router's word says more than silence does.
        let failure = failures.first { $0 != .timeout } ?? failures.first
        if let failure, replies.isEmpty || failure != .timeout { metadata.text("error", failure.description) }
        statistics.write(to: &metadata)
        self.init(
            startedAt: replies.first.map { Timestamp(microseconds: Int64($0.sentAtMicroseconds)) } ?? startedAt,
            reason: replies.isEmpty ? failure.map(FailureReason.init) ?? .local : .none,
            latencyMicroseconds: statistics.mean.map { $0 * 1_000 },
            sent: results.count - failures.count(where: \.leavesNothingSent),
            received: replies.count,
            metadata: metadata
        )
    }
}

extension EchoResult {
    fileprivate var failure: EchoFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

extension EchoFailure {
    /// Whether it came before the request left this host.
    fileprivate var leavesNothingSent: Bool {
        switch self {
        case .permission, .busy, .cancelled, .local: true
        case .timeout, .unreachable, .prohibited, .hopLimitExceeded, .packetTooBig: false
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
