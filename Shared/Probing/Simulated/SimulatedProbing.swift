public import Contracts
public import Egress
import EventLoop
public import Simulation

/// Runs checks in a simulated network without a kernel, in the network's own time: a day of it takes seconds, and the
/// same network, checks and start make the same outcomes.
///
/// Checks of the types `icmp`, `tcp`, `dns` over UDP and `trace`, so far. Confined to one thread.
public final class SimulatedProbing {
    private struct Target {
        var check: Check
        var address: IPAddress
        /// Of a `dns` check.
        var inquiry: (question: DNSCheckQuestion, message: DNSQuestion)?
        var isUnderWay = false
        /// Of a trace.
        var routes = RouteMemory()
    }

    /// Runs that were left out because the one before was still under way.
    public private(set) var overlapping = 0
    /// To have its packets recorded.
    public let network: SimulatedNetwork

    private let vantage: SimulatedVantage
    private let description: NetworkDescription
    private let agent: AgentID
    private let start: Timestamp
    private var targets: [Target] = []

    /// An agent at the network's first vantage point, whose time begins at `start`.
    ///
    /// Throws `badRequest` when the network has no such point.
    public init(_ description: NetworkDescription, agent: AgentID, start: Timestamp) throws(EgressError) {
        guard let node = description.nodes.first(where: { $0.role == .vantage }) else {
            throw EgressError(.badRequest, "the network has no vantage, where an agent could stand")
        }
        self.description = description
        self.agent = agent
        self.start = start
        network = SimulatedNetwork(description)
        vantage = SimulatedVantage(network, at: node)
    }

    /// Adds a check of a target: a node's name or an address.
    ///
    /// Throws `badRequest` for a check that cannot be run here, and `resolve` for a name that no node has.
    public func add(_ check: Check, of target: String) throws(EgressError) {
        let isAble = [.icmp, .tcp, .trace].contains(check.type) || check.type == .dns && check.options.asksByUDP
        guard isAble else {
            throw EgressError(.badRequest, "\(check.type.rawValue) checks need a kernel; try sonde sim run")
        }
        let named = description.nodes.first { $0.name == target }?.addresses.first
        guard let address = IPAddress(target) ?? named else {
            throw EgressError(.resolve, "no node of the network is named \(target)")
        }
        var target = Target(check: check, address: address)
        if check.type == .dns {
            let question = try DNSCheckQuestion(of: TargetAddress(address.description), check.options)
            target.inquiry = (question, try DNSQuestion(question.name, question.type))
        }
        targets.append(target)
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

    private var record: (CheckID, ProbeOutcome) -> Void = { _, _ in }

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
        let startedAt = start.advanced(by: .nanoseconds(Int64(network.now)))
        let timeout = Duration.milliseconds(target.check.timeoutMilliseconds)
        var metadata = ProbeMetadata()
        metadata.text("address", target.address.description)
        switch target.check.type {
        case .trace:
            metadata.text("mode", (target.check.options.mode ?? .icmp).rawValue)
            trace(index, startedAt, timeout, metadata)
        case .icmp:
            echo(index, startedAt, timeout, metadata)
        case .dns:
            ask(index, startedAt, timeout, metadata)
        default:
            let port = target.check.options.port.map { UInt16(clamping: $0) } ?? target.check.type.usualPort
            metadata.integer("port", Int(port))
            metadata.text("time_source", TimeSource.simulation.rawValue)
            vantage.connect(to: target.address, port: port, timeout: timeout) { [unowned self] outcome in
                targets[index].isUnderWay = false
                record(target.check.id, ProbeOutcome(startedAt: startedAt, outcome, metadata))
            }
        }
    }

    /// As many requests as a run has, each with a time of its own to be answered.
    private func echo(_ index: Int, _ startedAt: Timestamp, _ timeout: Duration, _ metadata: ProbeMetadata) {
        let (check, address) = (targets[index].check, targets[index].address)
        let bytes = Int(EchoPacket(payloadBytes: check.options.payloadBytes ?? 56).payloadBytes)
        let gap = UInt64(check.options.gapMilliseconds ?? 25) * 1_000_000
        let count = check.options.packets ?? 1
        var metadata = metadata
        metadata.integer("payload_bytes", bytes)
        var results: [EchoResult] = Array(repeating: .failure(.timeout), count: count)
        var left = count
        let first = network.now
        for number in 0..<count {
            network.schedule(at: first + UInt64(number) * gap) { [weak self] in
                guard let self else { return }
                let sentAt = start.advanced(by: .nanoseconds(Int64(network.now)))
                vantage.echo(to: address, payloadBytes: bytes, timeout: timeout) { [unowned self] outcome in
                    results[number] = EchoResult(outcome, sentAt: sentAt)
                    left -= 1
                    guard left == 0 else { return }
                    targets[index].isUnderWay = false
                    record(check.id, ProbeOutcome(startedAt: startedAt, results, metadata))
                }
            }
        }
    }

    /// Asks a second time when no answer comes within a third of the time, as a resolver does.
    private func ask(_ index: Int, _ startedAt: Timestamp, _ timeout: Duration, _ metadata: ProbeMetadata) {
        let target = targets[index]
        guard let (question, message) = target.inquiry else { preconditionFailure("a dns check asks something") }
        var metadata = metadata
        question.describe(in: &metadata, .udp)
        metadata.text("time_source", TimeSource.simulation.rawValue)
        let begin = network.now
        let port = target.check.options.port.map { UInt16(clamping: $0) } ?? DNSTransport.udp.usualPort
        func ask(_ timeouts: ArraySlice<Duration>) {
            vantage.exchange(with: target.address, port: port, message.bytes, timeout: timeouts.first ?? timeout) {
                [unowned self] reply in
                guard reply.ending != .timeout || timeouts.count < 2 else { return ask(timeouts.dropFirst()) }
                targets[index].isUnderWay = false
                let outcome = outcome(of: reply, message, question, startedAt, metadata, since: begin)
                record(target.check.id, outcome)
            }
        }
        ask([timeout / 3, timeout - timeout / 3])
    }

    private func outcome(
        of reply: SimulatedVantage.Outcome,
        _ message: DNSQuestion,
        _ question: DNSCheckQuestion,
        _ startedAt: Timestamp,
        _ metadata: ProbeMetadata,
        since begin: UInt64
    ) -> ProbeOutcome {
        guard reply.ending == .answered else { return ProbeOutcome(startedAt: startedAt, reply, metadata) }
        do throws(EgressError) {
            let elapsed = Int((network.now - begin) / 1_000)
            let answer = try message.answer(in: reply.data, elapsedMicroseconds: elapsed)
            return question.outcome(of: answer, startedAt: startedAt, metadata)
        } catch {
            return ProbeOutcome(startedAt: startedAt, error, metadata: metadata)
        }
    }

    private func trace(_ index: Int, _ startedAt: Timestamp, _ timeout: Duration, _ metadata: ProbeMetadata) {
        let check = targets[index].check
        let port = check.options.port.map { UInt16(clamping: $0) }
        let options = TraceOptions(check.options, port: port).within(timeout)
        PathTracer.run(to: targets[index].address, options, from: vantage, in: network) { [unowned self] trace in
            targets[index].isUnderWay = false
            let changes = targets[index].routes.learn(trace)
            record(check.id, ProbeOutcome(startedAt: startedAt, trace, changes, options, metadata))
        }
    }
}

extension CheckOptions {
    fileprivate var asksByUDP: Bool { transport ?? .udp == .udp && resolver == nil }
}

extension EchoResult {
    fileprivate init(_ outcome: SimulatedVantage.Outcome, sentAt: Timestamp) {
        switch outcome.ending {
        case .answered:
            self = .success(
                EchoReply(
                    roundTripNanoseconds: outcome.elapsed,
                    timeSource: .simulation,
                    sentAtMicroseconds: UInt64(sentAt.microseconds)
                )
            )
        case .refused: self = .failure(.unreachable("port unreachable"))
        case .unreachable: self = .failure(.unreachable("no route"))
        case .hopLimitExceeded: self = .failure(.hopLimitExceeded)
        case .packetTooBig: self = .failure(.packetTooBig)
        case .timeout: self = .failure(.timeout)
        }
    }
}

extension ProbeOutcome {
    fileprivate init(startedAt: Timestamp, _ outcome: SimulatedVantage.Outcome, _ metadata: ProbeMetadata) {
        let reason: FailureReason =
            switch outcome.ending {
            case .answered: .none
            case .refused: .refused
            case .unreachable, .hopLimitExceeded, .packetTooBig: .unreachable
            case .timeout: .timeout
            }
        self.init(
            startedAt: startedAt,
            reason: reason,
            latencyMicroseconds: reason == .none ? Double(outcome.elapsed) / 1_000 : nil,
            metadata: metadata
        )
    }
}
