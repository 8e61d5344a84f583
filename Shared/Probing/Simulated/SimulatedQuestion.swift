import Contracts
import Egress
import EventLoop
import Simulation

/// One question to a name server by UDP; asks a second time when no answer comes within a third of the time, as a
/// resolver does.
struct SimulatedQuestion: SimulatedProbe {
    private let point: SimulatedPoint
    private let address: IPAddress
    private let port: UInt16
    private let question: DNSCheckQuestion
    private let message: DNSQuestion

    /// The target is the server.
    init(
        _ point: SimulatedPoint,
        of target: TargetAddress,
        at address: IPAddress,
        _ options: CheckOptions
    ) throws(EgressError) {
        guard options.transport ?? .udp == .udp, options.resolver == nil else {
            throw EgressError(.badRequest, "name servers are asked by UDP alone, as targets; try sonde sim run")
        }
        self.point = point
        self.address = address
        port = try options.port(of: target, DNSTransport.udp.usualPort)
        question = try DNSCheckQuestion(of: TargetAddress(address.description), options)
        message = try DNSQuestion(question.name, question.type)
    }

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        var look = look
        question.describe(in: &look.metadata, .udp)
        look.metadata.text("time_source", TimeSource.simulation.rawValue)
        ask([look.timeout / 3, look.timeout - look.timeout / 3], look, since: point.network.now, done)
    }

    private func ask(
        _ timeouts: ArraySlice<Duration>,
        _ look: SimulatedLook,
        since begin: UInt64,
        _ done: @escaping (ProbeOutcome) -> Void
    ) {
        let timeout = timeouts.first ?? look.timeout
        point.vantage.exchange(with: address, port: port, message.bytes, timeout: timeout) { reply in
            guard reply.ending != .timeout || timeouts.count < 2 else {
                return ask(timeouts.dropFirst(), look, since: begin, done)
            }
            done(outcome(of: reply, look, since: begin))
        }
    }

    private func outcome(
        of reply: SimulatedVantage.Outcome,
        _ look: SimulatedLook,
        since begin: UInt64
    ) -> ProbeOutcome {
        guard reply.ending == .answered else { return look.outcome(reply) }
        do throws(EgressError) {
            let elapsed = Int((point.network.now - begin) / 1_000)
            let answer = try message.answer(in: reply.data, elapsedMicroseconds: elapsed)
            return question.outcome(of: answer, startedAt: look.startedAt, look.metadata)
        } catch {
            return look.outcome(error)
        }
    }
}
