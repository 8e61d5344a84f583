import Contracts
import Egress
import EventLoop

/// Some datagrams to an echo service (RFC 862); its latency is their mean round trip.
struct UDPEchoProbe: Probe {
    let destination: Destination
    let port: UInt16
    let options: SeriesOptions
    let gate: AddressGate
    let engine: UDPEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(ProbingError) in
            look.metadata.integer("port", Int(port))
            let service = SocketAddress(look.address, port: port)
            let result = try await engine.echo(with: service, options.within(look.timeout))
            return ProbeOutcome(startedAt: look.startedAt, result, look.metadata)
        }
    }
}

extension ProbeOutcome {
    /// A series is a success when anything has come back.
    init(startedAt: Timestamp, _ series: SeriesResult, _ metadata: ProbeMetadata) {
        var metadata = metadata
        metadata.integer("duplicates", series.duplicates)
        metadata.integer("reordered", series.reordered)
        if let source = series.timeSource { metadata.text("time_source", source.rawValue) }
        if let notice = series.notice {
            metadata.integer("icmp_type", Int(notice.type))
            metadata.integer("icmp_code", Int(notice.code))
        }
        PacketStatistics(series.roundTrips).write(to: &metadata)
        self.init(
            startedAt: startedAt,
            reason: series.failure,
            latencyMicroseconds: series.times.map { $0.mean * 1_000 },
            sent: series.sent,
            received: series.received,
            metadata: metadata
        )
    }
}

extension SeriesResult {
    fileprivate var failure: FailureReason {
        guard received == 0 else { return .none }
        guard let notice else { return .timeout }
        return notice.isPortUnreachable ? .refused : .unreachable
    }
}
