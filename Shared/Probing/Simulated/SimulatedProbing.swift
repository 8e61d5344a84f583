public import Contracts
public import Egress
import EventLoop
public import Simulation

/// Runs checks in a simulated network without a kernel, in the network's own time: a day of it takes seconds, and the
/// same network, checks and start make the same outcomes.
///
/// Checks of all types but `host`, with `dns` over UDP alone. Confined to one thread.
public final class SimulatedProbing {
    private struct Target {
        var check: Check
        var address: IPAddress
        var probe: any SimulatedProbe
        var isUnderWay = false
    }

    /// Runs that were left out because the one before was still under way.
    public private(set) var overlapping = 0
    /// To have its packets recorded.
    public var network: SimulatedNetwork { point.network }

    private let point: SimulatedPoint
    private let agent: AgentID
    private let start: Timestamp
    private var targets: [Target] = []
    private var record: (CheckID, ProbeOutcome) -> Void = { _, _ in }

    /// An agent at a vantage of the network, the first one unless it is named, whose time begins at `start`.
    ///
    /// Throws `badRequest` when the network has no such vantage.
    public init(
        _ description: NetworkDescription,
        at vantage: String? = nil,
        agent: AgentID,
        start: Timestamp
    ) throws(EgressError) {
        self.agent = agent
        self.start = start
        point = try SimulatedPoint(description, at: vantage, start: start)
    }

    /// Adds a check of a target: a node's name, in `sim` or not, an address, or a URL.
    ///
    /// Throws `badRequest` for a check that cannot be run here, and `resolve` for a name that no node has.
    public func add(_ check: Check, of target: String) throws(EgressError) {
        let target = try TargetAddress(target)
        let address = try point.address(of: target.host, family: check.options.family)
        let probe = try point.probe(check.type, of: target, at: address, check.options)
        targets.append(Target(check: check, address: address, probe: probe))
        let interval = Int64(check.intervalMilliseconds) * 1_000
        let offset = ProbePhase(check: check.id, agent: agent).offset(in: interval)
        // The first instant of the check's own grid on the wall clock that has not gone by.
        let behind = (start.microseconds - offset) % interval
        fire(targets.count - 1, at: behind == 0 ? 0 : UInt64(interval - behind) * 1_000)
    }

    /// Lets the network's time pass, and calls `record` with every outcome.
    public func run(for duration: Duration, _ record: @escaping (CheckID, ProbeOutcome) -> Void) {
        self.record = record
        network.run(until: network.now + UInt64(max(0, duration.inNanoseconds)))
        self.record = { _, _ in }
    }

    private func fire(_ index: Int, at time: UInt64) {
        network.schedule(at: time) { [weak self] in
            guard let self else { return }
            fire(index, at: time + UInt64(targets[index].check.intervalMilliseconds) * 1_000_000)
            probe(index)
        }
    }

    private func probe(_ index: Int) {
        let target = targets[index]
        guard !target.isUnderWay else {
            overlapping += 1
            return
        }
        targets[index].isUnderWay = true
        var metadata = ProbeMetadata()
        metadata.text("address", target.address.description)
        let timeout = Duration.milliseconds(target.check.timeoutMilliseconds)
        target.probe.run(SimulatedLook(startedAt: point.now, timeout: timeout, metadata: metadata)) { [weak self] in
            guard let self else { return }
            targets[index].isUnderWay = false
            record(target.check.id, target.check.options.mustNotConnect == true ? $0.inverted : $0)
        }
    }
}
