import Contracts
import Egress
import EventLoop

/// One request over a connection of its own; its latency is the whole time, from resolution to the last byte kept.
struct HTTPProbe: Probe {
    let check: HTTPCheck
    let egress: HTTPEgress

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        do throws(EgressError) {
            let response = try await egress.perform(try check.request(timeout))
            return check.outcome(of: response, startedAt: startedAt)
        } catch {
            return check.outcome(of: error, startedAt: startedAt)
        }
    }
}
