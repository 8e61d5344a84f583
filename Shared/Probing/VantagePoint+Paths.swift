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
        var trace = TraceOptions(options, timeout: timeout)
        if trace.mode != .icmp, let port = options.port ?? target.port.map(Int.init) {
            trace.port = try Self.port(port)
        }
        return TraceProbe(host: target.host, options: trace, timeout: timeout, gate: gate, engine: paths)
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

extension TraceOptions {
    /// What a check says, but for the port.
    init(_ options: CheckOptions, timeout: Duration) {
        self.init(options.mode ?? .icmp)
        flows = options.flows ?? flows
        maximumHops = options.hops ?? maximumHops
        packetsPerHop = options.packets ?? packetsPerHop
        gap = options.gapMilliseconds.map { .milliseconds($0) } ?? gap
        dscp = options.dscp ?? 0
        hopTimeout = min(hopTimeout, timeout)
        self = clamped
        // The last packet has its time, however many there are.
        limit = timeout + gap * (flows * maximumHops * packetsPerHop)
        self = clamped
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
