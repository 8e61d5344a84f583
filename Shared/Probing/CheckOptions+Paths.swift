import Contracts

extension TraceOptions {
    /// What a check says; the port for modes that have one.
    init(_ options: CheckOptions, port: UInt16?) {
        self.init(options.mode ?? .icmp)
        self.port = port
        flows = options.flows ?? flows
        maximumHops = options.hops ?? maximumHops
        packetsPerHop = options.packets ?? packetsPerHop
        gap = options.gapMilliseconds.map { .milliseconds($0) } ?? gap
        dscp = options.dscp ?? 0
    }

    /// The same, with so long for the answers; the last packet has its time as well, however many there are.
    func within(_ timeout: Duration) -> TraceOptions {
        var copy = clamped
        copy.hopTimeout = min(hopTimeout, timeout)
        copy.limit = timeout + copy.gap * (copy.flows * copy.maximumHops * copy.packetsPerHop)
        return copy.clamped
    }
}

extension SeriesOptions {
    /// What a check says.
    init(_ options: CheckOptions) {
        self.init()
        count = options.packets ?? count
        gap = options.gapMilliseconds.map { .milliseconds($0) } ?? gap
        payloadBytes = options.payloadBytes ?? payloadBytes
        dscp = options.dscp ?? 0
        mayNotBeFragmented = options.dontFragment ?? false
    }

    /// The same, with so long for the answers.
    func within(_ timeout: Duration) -> SeriesOptions {
        var copy = self
        copy.timeout = timeout
        return copy
    }
}
