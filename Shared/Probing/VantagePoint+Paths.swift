import Contracts
import Egress
import EventLoop
import Glibc

extension VantagePoint {
    func traceProbe(
        of target: TargetAddress,
        _ timeout: Duration,
        _ options: CheckOptions
    ) throws(EgressError) -> any Probe {
        var trace = TraceOptions(options.mode ?? .icmp)
        if trace.mode != .icmp, let port = options.port ?? target.port.map(Int.init) {
            trace.port = try Self.port(port)
        }
        trace.flows = options.flows ?? trace.flows
        trace.maximumHops = options.hops ?? trace.maximumHops
        trace.packetsPerHop = options.packets ?? trace.packetsPerHop
        trace.gap = options.gapMilliseconds.map { .milliseconds($0) } ?? trace.gap
        trace.dscp = options.dscp ?? 0
        trace.hopTimeout = min(trace.hopTimeout, timeout)
        trace = trace.clamped
        // The last packet has its time, however many there are.
        trace.limit = timeout + trace.gap * (trace.flows * trace.maximumHops * trace.packetsPerHop)
        return TraceProbe(host: target.host, options: trace.clamped, timeout: timeout, gate: gate, engine: paths)
    }

    func seriesProbe(
        _ type: CheckType,
        of target: TargetAddress,
        _ timeout: Duration,
        _ options: CheckOptions
    ) throws(EgressError) -> any Probe {
        let customary = type == .udp ? 7 : 862
        let port = try Self.port(options.port ?? target.port.map(Int.init) ?? customary)
        var series = SeriesOptions()
        series.count = options.packets ?? 1
        series.gap = options.gapMilliseconds.map { .milliseconds($0) } ?? series.gap
        series.payloadBytes = options.payloadBytes ?? (type == .udp ? 56 : 44)
        series.dscp = options.dscp ?? 0
        series.mayNotBeFragmented = options.dontFragment ?? false
        series.timeout = timeout
        guard type == .udp else {
            return STAMPProbe(host: target.host, port: port, options: series, gate: gate, engine: udp)
        }
        return UDPEchoProbe(host: target.host, port: port, options: series, gate: gate, engine: udp)
    }

    private static func port(_ number: Int) throws(EgressError) -> UInt16 {
        guard let port = UInt16(exactly: number), port > 0 else { throw EgressError(.badRequest, "the port is none") }
        return port
    }
}

extension ProbeOutcome {
    /// A run that this agent's own kernel did not allow, or not carry out.
    init(startedAt: Timestamp, _ error: ProbingError, metadata: ProbeMetadata) {
        var metadata = metadata
        metadata.text("error", error.description)
        let code = (error.cause as? SystemError)?.code
        let isUnreachable = code == EHOSTUNREACH || code == ENETUNREACH
        let reason: FailureReason = error.code == .permission ? .permission : isUnreachable ? .unreachable : .local
        self.init(startedAt: startedAt, reason: reason, sent: 0, metadata: metadata)
    }
}
