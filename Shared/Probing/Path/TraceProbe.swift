import Contracts
import Egress
import EventLoop
import JSON

/// One trace of the way to a target; its latency is the mean round trip to that.
struct TraceProbe: Probe {
    let destination: Destination
    let options: TraceOptions
    let gate: AddressGate
    let engine: PathEngine

    func run(timeout: Duration) async -> ProbeOutcome {
        await destination.look(by: gate, timeout: timeout) { look throws(ProbingError) in
            look.metadata.text("mode", options.mode.rawValue)
            let (trace, changes) = try await engine.follow(look.address, options.within(look.timeout))
            return ProbeOutcome(startedAt: look.startedAt, trace, changes, options, look.metadata)
        }
    }
}

extension ProbeOutcome {
    init(
        startedAt: Timestamp,
        _ trace: PathTrace,
        _ changes: [RouteMemory.Change],
        _ options: TraceOptions,
        _ metadata: ProbeMetadata
    ) {
        var metadata = metadata
        metadata.add(trace)
        if let change = changes.first {
            metadata.integer("changed_hop", change.hop)
            metadata.integer("changed_flows", changes.count)
        }
        let last = trace.isReached ? trace.hops.last : nil
        let isRefused = trace.flows.contains { if case .refused = $0.ending { true } else { false } }
        self.init(
            startedAt: startedAt,
            reason: trace.isReached ? .none : isRefused ? .unreachable : .timeout,
            latencyMicroseconds: last?.times.map { $0.mean * 1_000 },
            sent: last?.sent ?? options.flows * options.packetsPerHop,
            received: last?.received ?? 0,
            metadata: metadata
        )
    }
}

extension ProbeMetadata {
    /// Adds hops as columns, and flows; with as many of the addresses and flows as there is room for.
    mutating func add(_ trace: PathTrace) {
        if let source = trace.timeSource { text("time_source", source.rawValue) }
        for detail in PathTrace.Detail.allCases {
            let (hops, flows) = trace.json(detail)
            guard hops.count + flows.count + 32 <= room else { continue }
            json("hops", hops)
            json("flows", flows)
            return
        }
    }
}

extension PathTrace {
    /// What is written down of a trace, the most first.
    enum Detail: CaseIterable {
        case everything
        /// One address a hop.
        case oneAddress
        /// And one flow.
        case oneFlow
        /// And nothing but addresses and mean times, of the first 40 hops.
        case least
    }

    func json(_ detail: Detail) -> (hops: [UInt8], flows: [UInt8]) {
        let hops = detail == .least ? Array(hops.prefix(40)) : hops
        var columns = JSONWriter()
        columns.beginObject()
        columns.key("address")
        columns.beginArray()
        for hop in hops { Self.write(hop.addresses, detail, to: &columns) }
        columns.endArray()
        Self.write(hops, "sent", to: &columns) { Double($0.sent) }
        Self.write(hops, "received", to: &columns) { Double($0.received) }
        Self.write(hops, "avg_ms", to: &columns) { $0.times?.mean }
        if detail != .least, hops.contains(where: { $0.received > 1 }) {
            Self.write(hops, "min_ms", to: &columns) { $0.times?.least }
            Self.write(hops, "last_ms", to: &columns) { $0.times?.last }
            Self.write(hops, "max_ms", to: &columns) { $0.times?.most }
            Self.write(hops, "jitter_ms", to: &columns) { $0.times?.jitter }
        }
        columns.endObject()
        var ways = JSONWriter()
        ways.beginArray()
        for flow in detail == .oneFlow || detail == .least ? Array(flows.prefix(1)) : flows { flow.write(to: &ways) }
        ways.endArray()
        return (columns.bytes, ways.bytes)
    }

    /// A text for one address, a list for several, and nothing for none.
    private static func write(_ addresses: [IPAddress], _ detail: Detail, to writer: inout JSONWriter) {
        guard let first = addresses.first else { return writer.null() }
        guard detail == .everything, addresses.count > 1 else { return writer.string(first.description) }
        writer.beginArray()
        for address in addresses { writer.string(address.description) }
        writer.endArray()
    }

    private static func write(
        _ hops: [Hop],
        _ key: StaticString,
        to writer: inout JSONWriter,
        _ value: (Hop) -> Double?
    ) {
        writer.key(key)
        writer.beginArray()
        for hop in hops {
            if let value = value(hop) { writer.double(value) } else { writer.null() }
        }
        writer.endArray()
    }
}

extension PathTrace.Flow {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("hops")
        writer.int(path.count)
        writer.key("ending")
        writer.string(ending.name)
        writer.key("path")
        writer.string(PathFingerprint(self).description)
        writer.endObject()
    }
}

extension PathTrace.Ending {
    public var name: String {
        switch self {
        case .reached: "reached"
        case .refused: "refused"
        case .silent: "silent"
        }
    }
}
