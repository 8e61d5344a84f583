import Contracts
import Foundation
import Testing

@testable import CLIService

/// How the agent is killed while the store is away; `make soak` takes the time that the promise speaks of.
private struct Ordeal {
    let kills: Int
    /// How long the store is away, at least.
    let duration: Duration

    static var asked: Self {
        let values = ProcessInfo.processInfo.environment
        return Self(
            kills: values["SONDE_SOAK_KILLS"].flatMap(Int.init) ?? 5,
            duration: .seconds(values["SONDE_SOAK_SECONDS"].flatMap(Int.init) ?? 5)
        )
    }
}

extension KillTests {
    private static let interval = 250
    /// How long a probe that was seen may be on its way to the disk.
    private static let margin = Duration.milliseconds(150)

    @Test("stores every probe that a target saw, once, though the store is away and the agent is killed meanwhile")
    func spoolOverKills() async throws {
        let ordeal = Ordeal.asked
        let installation = try await Installation()
        defer { installation.remove() }
        let client = try await installation.signIn()
        let witness = try await ProbeWitness(ports: 20)
        var targets: [TargetID] = []
        for address in witness.addresses {
            let check = NewTargetCheck(type: .tcp, intervalMilliseconds: Self.interval, timeoutMilliseconds: 200)
            targets.append(try await client.call(.createTarget, NewTarget(address: address, checks: [check])).id)
        }
        var kills: [Timestamp] = []
        for _ in 0..<2 { kills.append(try await Self.killAgent(in: installation, watchedBy: witness)) }
        // A store that stands still takes bytes and answers nothing, which is worse than one that is gone.
        let store = try #require(installation.process(of: "store"))
        kill(store, SIGSTOP)
        let start = ContinuousClock.now
        for number in 0..<ordeal.kills {
            if number == ordeal.kills / 2, let orchestrator = installation.process(of: "orchestrator") {
                kill(orchestrator, SIGKILL)
            }
            let next = start.advanced(by: ordeal.duration * number / ordeal.kills)
            try await eventually("it is time for the next kill") { ContinuousClock.now >= next }
            kills.append(try await Self.killAgent(in: installation, watchedBy: witness))
        }
        kill(store, SIGKILL)
        let visits = await witness.visits
        let watched = zip(targets, visits).map { ($0, $1) }
        let forgiven = kills.map { ($0.advanced(by: .zero - Self.margin), $0.advanced(by: Self.margin)) }
        try await eventually("every probe that was seen is stored") {
            for (target, visits) in watched {
                let rows = try await Self.times(of: target, client)
                let missing = visits.filter { visit in
                    !forgiven.contains { $0.0 < visit && visit < $0.1 } && !rows.contains { $0.isBeside(visit) }
                }
                guard missing.isEmpty else { return false }
            }
            return true
        }
        try await Self.check(targets, witness, client)
        #expect(try await client.call(.listGaps, GapFilter()).gaps.isEmpty)
        #expect(try await installation.stop() == 0)
    }

    /// Kills the agent in the midst of its work; returns when that was, and when another one probes.
    private static func killAgent(in installation: Installation, watchedBy witness: ProbeWitness) async throws
        -> Timestamp
    {
        try await probesGoOn(witness)
        let agent = try #require(installation.process(of: "probe-agent"))
        let time = Timestamp.now
        kill(agent, SIGKILL)
        try await eventually("the agent is back") {
            installation.process(of: "probe-agent").map { $0 != agent } ?? false
        }
        try await probesGoOn(witness)
        return time
    }

    private static func probesGoOn(_ witness: ProbeWitness) async throws {
        let before = await witness.visits.map(\.count)
        try await eventually("every target is probed") {
            zip(await witness.visits, before).allSatisfy { $0.count > $1 + 1 }
        }
    }

    /// Every row is of a probe that was seen, and no two are of the same one.
    private static func check(_ targets: [TargetID], _ witness: ProbeWitness, _ client: APIClient) async throws {
        var ids: Set<String> = []
        var total = 0
        for (index, target) in targets.enumerated() {
            let rows = try await client.call(
                .listMeasurements,
                MeasurementFilter(targetID: target, limit: 10_000)
            ).measurements
            let visits = await witness.visits[index]
            #expect(rows.allSatisfy { row in visits.contains { row.timestamp.isBeside($0) } })
            let times = rows.map(\.timestamp).sorted()
            #expect(zip(times, times.dropFirst()).allSatisfy { $0.duration(to: $1) > .milliseconds(interval / 2) })
            ids.formUnion(rows.map(\.id.rawValue))
            total += rows.count
        }
        #expect(ids.count == total)
    }

    private static func times(of target: TargetID, _ client: APIClient) async throws -> [Timestamp] {
        let filter = MeasurementFilter(targetID: target, limit: 10_000)
        return try await client.call(.listMeasurements, filter).measurements.map(\.timestamp)
    }
}

extension Timestamp {
    /// Whether a probe that began at this time is the one that was seen at another.
    fileprivate func isBeside(_ visit: Timestamp) -> Bool {
        (Duration.milliseconds(-10)...(.milliseconds(200))).contains(duration(to: visit))
    }
}
