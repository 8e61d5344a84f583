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
    public let paths: PathEngine
    public let udp: UDPEngine
    /// Does nothing until it is run.
    public let failures: FailureTracer
    let egress: HTTPEgress
    let host: HostSampler
    let secrets: ProbeSecrets
    let trust: TrustedAuthorities

    /// `resolvers` are asked for names in place of the system's.
    public init(
        on loop: EventLoop,
        policy: AddressPolicy = .standard,
        resolvers: [SocketAddress] = [],
        secrets: ProbeSecrets = ProbeSecrets(),
        trust: TrustedAuthorities = TrustedAuthorities()
    ) throws(EgressError) {
        self.loop = loop
        self.secrets = secrets
        self.trust = trust
        gate = AddressGate(DNSResolver(on: loop, servers: resolvers), policy: policy)
        icmp = ICMPEngine(on: loop)
        paths = PathEngine(on: loop)
        udp = UDPEngine(on: loop)
        failures = FailureTracer(on: loop)
        host = HostSampler(on: loop)
        egress = HTTPEgress(gate, trust: trust)
    }

    public func close() {
        icmp.close()
        paths.close()
    }

    /// Runs what a check asks for, once, without looking again; that it asks for nonsense is an outcome as well.
    public func run(
        _ type: CheckType,
        of address: String,
        timeoutMilliseconds: Int,
        options: CheckOptions
    ) async -> [CheckResult] {
        var options = options
        options.confirmations = 0
        var results: [CheckResult] = []
        let runner = CheckRunner(
            type,
            of: address,
            timeoutMilliseconds: timeoutMilliseconds,
            options: options,
            from: self
        )
        await runner.run { results.append($0) }
        return results
    }
}
