public import Contracts
public import Egress
public import EventLoop

/// What probes work with, on one loop.
///
/// To be used on its thread only, and closed there.
public final class VantagePoint {
    public let loop: EventLoop
    public let gate: AddressGate
    public let icmp: ICMPEngine
    private let egress: HTTPEgress

    public init(on loop: EventLoop, policy: AddressPolicy = .standard) throws(EgressError) {
        self.loop = loop
        gate = AddressGate(DNSResolver(on: loop), policy: policy)
        icmp = ICMPEngine(on: loop)
        egress = try HTTPEgress(gate)
    }

    public func close() {
        icmp.close()
    }

    /// Makes the probe that a check asks for.
    ///
    /// Throws `EgressError` with `badRequest` when the target's address or an option makes no sense.
    public func probe(
        _ type: CheckType,
        of address: String,
        timeoutMilliseconds: Int,
        options: CheckOptions
    ) throws(EgressError) -> any Probe {
        let target = try TargetAddress(address)
        let timeout = Duration.milliseconds(timeoutMilliseconds)
        switch type {
        case .icmp:
            return ICMPProbe(
                host: target.host,
                payloadBytes: max(options.payloadBytes ?? 56, ICMPEngine.minimumPayloadBytes),
                timeout: timeout,
                gate: gate,
                engine: icmp
            )
        case .tcp:
            guard let port = UInt16(exactly: options.port ?? Int(target.port ?? 443)), port > 0 else {
                throw EgressError(.badRequest, "the port is none")
            }
            return TCPProbe(host: target.host, port: port, timeout: timeout, gate: gate)
        case .http:
            return HTTPProbe(
                url: options.url ?? target.url ?? "https://\(target.hostInURL)\(target.port.map { ":\($0)" } ?? "")",
                expectedStatus: Set(options.expectedStatus ?? []),
                bodyContains: options.bodyContains,
                timeout: timeout,
                egress: egress
            )
        case .dns:
            return try dnsProbe(of: target, timeout, options)
        case .udp, .stamp, .tls, .trace, .mtu:
            throw EgressError(.badRequest, "this agent knows no \(type.rawValue) checks")
        }
    }

    /// Runs what a check asks for, once; that it asks for nonsense is an outcome as well.
    public func run(
        _ type: CheckType,
        of address: String,
        timeoutMilliseconds: Int,
        options: CheckOptions
    ) async -> ProbeOutcome {
        let probe: any Probe
        do throws(EgressError) {
            probe = try self.probe(type, of: address, timeoutMilliseconds: timeoutMilliseconds, options: options)
        } catch {
            return ProbeOutcome(startedAt: .now, error)
        }
        return await probe.run()
    }

    /// A target that is an address is the server to ask, by default for the root's name servers; a target that is a
    /// name is what to ask for, by default the system's server.
    private func dnsProbe(
        of target: TargetAddress,
        _ timeout: Duration,
        _ options: CheckOptions
    ) throws(EgressError) -> any Probe {
        let isServer = IPAddress(target.host) != nil
        let query = options.query ?? (isServer ? "." : target.host)
        guard let type = DNSRecordType(name: options.recordType ?? (query == "." ? "NS" : "A")) else {
            throw EgressError(.badRequest, "this record type is not known")
        }
        let server: TargetAddress? =
            if let resolver = options.resolver { try TargetAddress(resolver) } else { isServer ? target : nil }
        return DNSProbe(
            server: server,
            query: query,
            recordType: type,
            expectedAnswer: options.expectedAnswer,
            timeout: timeout,
            gate: gate
        )
    }
}
