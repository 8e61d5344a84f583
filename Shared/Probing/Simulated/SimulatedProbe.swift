import Contracts
import Egress
import EventLoop
import Simulation

/// A way of looking at one target of a simulated network.
///
/// Whatever happens is an outcome, and there is one for each run.
protocol SimulatedProbe {
    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void)
}

/// What a run begins with.
struct SimulatedLook {
    let startedAt: Timestamp
    let timeout: Duration
    /// With the address in it.
    var metadata: ProbeMetadata

    /// What an error makes of it.
    func outcome(_ error: EgressError) -> ProbeOutcome {
        ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
    }

    /// What one request makes of it.
    func outcome(_ outcome: SimulatedVantage.Outcome) -> ProbeOutcome {
        let reason: FailureReason =
            switch outcome.ending {
            case .answered: .none
            case .refused: .refused
            case .unreachable, .hopLimitExceeded, .packetTooBig: .unreachable
            case .timeout: .timeout
            }
        return ProbeOutcome(
            startedAt: startedAt,
            reason: reason,
            latencyMicroseconds: reason == .none ? Double(outcome.elapsed) / 1_000 : nil,
            metadata: metadata
        )
    }
}

extension SimulatedPoint {
    /// Makes the probe that a check asks for.
    ///
    /// Throws `badRequest` for what cannot be done here, or makes no sense, and `resolve` for a name that no node has.
    func probe(
        _ type: CheckType,
        of target: TargetAddress,
        at address: IPAddress,
        _ options: CheckOptions
    ) throws(EgressError) -> any SimulatedProbe {
        let destination = Destination(host: target.host, pinned: address)
        func port() throws(EgressError) -> UInt16 { try options.port(of: target, type.usualPort) }
        return switch type {
        case .icmp: SimulatedEcho(point: self, address: address, options: options)
        case .tcp: SimulatedConnect(point: self, address: address, port: try port())
        case .dns: try SimulatedQuestion(self, of: target, at: address, options)
        case .trace: SimulatedRoute(self, of: target, at: address, options)
        case .mtu: SimulatedMTUProbe(point: self, address: address)
        case .udp: SimulatedUDPEcho(point: self, address: address, port: try port(), options: options)
        case .stamp: SimulatedSTAMP(point: self, address: address, port: try port(), options: options)
        case .tls:
            SimulatedHandshake(
                point: self,
                check: TLSCheck(options, of: destination),
                address: SocketAddress(address, port: try port())
            )
        case .http: try SimulatedRequest(self, of: target, options)
        case .host: throw EgressError(.badRequest, "host checks need a kernel; try sonde probe")
        }
    }
}

extension CheckOptions {
    /// Of the address that is looked at: a check has one here.
    var family: FamilyChoice {
        switch endpoints ?? .first {
        case .ipv4: .v4
        case .ipv6: .v6
        case .first, .both, .all: .any
        }
    }
}
