import Contracts
import Egress
import EventLoop
import JSON
import Simulation

@testable import Probing

/// Checks of a simulated network, and what they make of it.
struct SimulatedRows {
    static let start = Timestamp(microseconds: 1_700_000_000_123_456)
    private static let agent = AgentID(rawValue: "01890000-0000-7000-8000-00000000000a")

    private(set) var outcomes: [ProbeOutcome] = []
    /// Of all packets but those of a run that was not over at the end.
    private(set) var fates: [PacketFate] = []

    /// Runs one check, every five seconds unless said otherwise.
    init(
        _ text: String,
        _ type: CheckType,
        of target: String,
        every interval: Int = 5_000,
        timeout: Int = 3_000,
        for duration: Duration = .seconds(60),
        at vantage: String? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) throws {
        var options = CheckOptions()
        configure(&options)
        let check = Check(
            id: CheckID(rawValue: "01890000-0000-7000-8000-000000000001"),
            targetID: TargetID(rawValue: "01890000-0000-7000-8000-0000000000ff"),
            type: type,
            intervalMilliseconds: interval,
            timeoutMilliseconds: timeout,
            options: options,
            enabled: true,
            createdAt: Self.start,
            updatedAt: Self.start
        )
        let description = try NetworkDescription(text: text)
        let probing = try SimulatedProbing(description, at: vantage, agent: Self.agent, start: Self.start)
        var (outcomes, fates): ([ProbeOutcome], [PacketFate]) = ([], [])
        probing.network.record = { fates.append($0) }
        try probing.add(check, of: target)
        probing.run(for: duration) { outcomes.append($1) }
        probing.network.finish()
        let last = outcomes.last.map { $0.startedAt.microseconds - Self.start.microseconds } ?? 0
        let end = UInt64(last) * 1_000 + UInt64(interval) * 1_000_000
        (self.outcomes, self.fates) = (outcomes, fates.filter { $0.sentAt < end })
    }

    var reasons: Set<FailureReason> { Set(outcomes.map(\.reason)) }
    /// To the microsecond.
    var latencies: Set<Double> { Set(outcomes.compactMap(\.latencyMilliseconds)) }

    /// A member of each outcome's metadata, as JSON has it.
    func values(_ key: String) throws -> [JSONValue?] {
        try outcomes.map { outcome in
            guard case .object(let members) = try decodeJSON(JSONValue.self, from: outcome.metadata.bytes) else {
                return nil
            }
            return members[key]
        }
    }
}
