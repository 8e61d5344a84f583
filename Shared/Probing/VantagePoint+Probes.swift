import Contracts
import Egress
import EventLoop

extension VantagePoint {
    /// Makes the probe that a check asks for.
    ///
    /// Throws `EgressError` with `badRequest` when the target's address or an option makes no sense.
    func probe(
        _ type: CheckType,
        of target: TargetAddress,
        at destination: Destination,
        _ options: CheckOptions
    ) throws(EgressError) -> any Probe {
        switch type {
        case .icmp:
            ICMPProbe(
                destination: destination,
                packet: EchoPacket(
                    payloadBytes: options.payloadBytes ?? 56,
                    dscp: options.dscp ?? 0,
                    isWhole: options.dontFragment ?? false
                ),
                count: max(1, options.packets ?? 1),
                gap: .milliseconds(options.gapMilliseconds ?? 25),
                gate: gate,
                engine: icmp
            )
        case .tcp: TCPProbe(destination: destination, port: try options.port(of: target, type.usualPort), gate: gate)
        case .http: HTTPProbe(check: try HTTPCheck(of: target, at: destination, options, secrets), egress: egress)
        case .dns: try dnsProbe(of: target, at: destination, options)
        case .tls:
            TLSProbe(
                check: TLSCheck(options, of: destination),
                destination: destination,
                port: try options.port(of: target, type.usualPort),
                gate: gate,
                trust: trust
            )
        case .udp:
            UDPEchoProbe(
                destination: destination,
                port: try options.port(of: target, type.usualPort),
                options: SeriesOptions(options),
                gate: gate,
                engine: udp
            )
        case .stamp:
            STAMPProbe(
                destination: destination,
                port: try options.port(of: target, type.usualPort),
                options: SeriesOptions(options),
                gate: gate,
                engine: udp
            )
        case .trace:
            TraceProbe(
                destination: destination,
                options: TraceOptions(options, port: try tracedPort(of: target, options)),
                gate: gate,
                engine: paths
            )
        case .mtu: MTUProbe(destination: destination, gate: gate, engine: paths)
        case .host: HostProbe(sampler: host)
        }
    }

    /// A trace of the way that the packets of a check take; `nil` for one that is about the way itself, or whose
    /// destination is not the target.
    func failureTrace(
        of type: CheckType,
        to target: TargetAddress,
        at destination: Destination,
        _ options: CheckOptions
    ) throws(EgressError) -> (any Probe)? {
        var trace: TraceOptions
        switch type {
        case .icmp: trace = TraceOptions(.icmp)
        case .udp, .stamp:
            trace = TraceOptions(.udp)
            trace.port = try options.port(of: target, type.usualPort)
        case .tcp, .tls:
            trace = TraceOptions(.tcp)
            trace.port = try options.port(of: target, type.usualPort)
        case .http:
            trace = TraceOptions(.tcp)
            trace.port = try EgressURL(options.url(of: target)).port
        case .dns:
            guard let server = try options.dnsServer(for: target) else { return nil }
            let transport = options.transport ?? .udp
            trace = TraceOptions(transport == .udp ? .udp : .tcp)
            trace.port = server.port ?? transport.usualPort
        case .trace, .mtu, .host: return nil
        }
        trace.dscp = options.dscp ?? 0
        return TraceProbe(destination: destination, options: trace, gate: gate, engine: paths)
    }

    private func tracedPort(of target: TargetAddress, _ options: CheckOptions) throws(EgressError) -> UInt16? {
        let mode = options.mode ?? .icmp
        return mode == .icmp ? nil : try options.port(of: target, mode.defaultPort)
    }

    /// A target that is an address is the server to ask, by default for the root's name servers; a target that is a
    /// name is what to ask for, by default the system's server.
    private func dnsProbe(
        of target: TargetAddress,
        at destination: Destination,
        _ options: CheckOptions
    ) throws(EgressError) -> any Probe {
        let server = try options.dnsServer(for: target)
        return DNSProbe(
            server: server == nil ? nil : destination,
            port: server?.port,
            transport: options.transport ?? .udp,
            question: try DNSCheckQuestion(of: target, options),
            gate: gate,
            trust: trust
        )
    }
}

extension CheckOptions {
    /// What an `http` check asks for.
    func url(of target: TargetAddress) -> String {
        url ?? target.url ?? "https://\(target.hostInURL)\(target.port.map { ":\($0)" } ?? "")"
    }

    /// Where a check goes that connects.
    func port(of target: TargetAddress, _ usual: UInt16) throws(EgressError) -> UInt16 {
        guard let port = UInt16(exactly: port ?? Int(target.port ?? usual)), port > 0 else {
            throw EgressError(.badRequest, "the port is none")
        }
        return port
    }

    /// Whom a `dns` check asks; `nil` for the system's server.
    func dnsServer(for target: TargetAddress) throws(EgressError) -> TargetAddress? {
        if let resolver { return try TargetAddress(resolver) }
        return target.isAddress ? target : nil
    }
}

extension CheckType {
    /// Where a check that connects goes when it names no port.
    var usualPort: UInt16 {
        switch self {
        case .udp: 7
        case .stamp: 862
        default: 443
        }
    }
}
