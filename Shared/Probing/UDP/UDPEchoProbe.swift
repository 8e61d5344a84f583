import Contracts
import Egress
import EventLoop

/// Some datagrams to an echo service (RFC 862); its latency is their mean round trip.
public struct UDPEchoProbe: Probe {
    let host: String
    let port: UInt16
    let options: SeriesOptions
    let gate: AddressGate
    let engine: UDPEngine

    public func run() async -> ProbeOutcome {
        let startedAt = Timestamp.now
        var metadata = ProbeMetadata()
        let address: IPAddress
        do throws(EgressError) {
            address = try await gate.addresses(of: host, timeout: options.timeout)[0]
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
        metadata.text("address", address.description)
        metadata.integer("port", Int(port))
        do throws(ProbingError) {
            let result = try await engine.echo(with: SocketAddress(address, port: port), options)
            return ProbeOutcome(startedAt: startedAt, result, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
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
        if let times = series.times, series.received > 1 {
            metadata.milliseconds("min_ms", microseconds: Int(times.least * 1_000))
            metadata.milliseconds("max_ms", microseconds: Int(times.most * 1_000))
            metadata.milliseconds("jitter_ms", microseconds: Int(times.jitter * 1_000))
        }
        if let notice = series.notice {
            metadata.integer("icmp_type", Int(notice.type))
            metadata.integer("icmp_code", Int(notice.code))
        }
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
