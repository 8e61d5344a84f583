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
                let pairs = Pairs(of: visits, with: try await Self.rows(of: target, client))
                let missing = pairs.visits.filter { visit in !forgiven.contains { $0.0 < visit && visit < $0.1 } }
                guard missing.isEmpty else { return false }
            }
            return true
        }
        var ids: [String] = []
        for (index, target) in targets.enumerated() {
            let rows = try await Self.rows(of: target, client)
            let pairs = Pairs(of: await witness.visits[index], with: rows)
            #expect(pairs.rows.isEmpty, "rows of a probe that nobody saw, or that has another row")
            ids += rows.map(\.id.rawValue)
        }
        #expect(Set(ids).count == ids.count)
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

    private static func rows(of target: TargetID, _ client: APIClient) async throws -> [Contracts.Measurement] {
        let filter = MeasurementFilter(targetID: target, limit: 10_000)
        return try await client.call(.listMeasurements, filter).measurements
    }
}

/// Brings rows and the connections that they tell of together, one to one, and keeps what is left over.
private struct Pairs {
    /// Connections without a row.
    private(set) var visits: [Timestamp] = []
    /// Rows without a connection.
    private(set) var rows: [Timestamp]

    init(of visits: [Timestamp], with rows: [Contracts.Measurement]) {
        self.rows = rows.map(\.timestamp).sorted()
        for visit in visits.sorted() {
            if let row = self.rows.firstIndex(where: { $0.isBeside(visit) }) {
                self.rows.remove(at: row)
            } else {
                self.visits.append(visit)
            }
        }
    }
}

extension Timestamp {
    /// Whether a probe that began at this time is the one that was seen at another.
    fileprivate func isBeside(_ visit: Timestamp) -> Bool {
        (Duration.milliseconds(-10)...(.milliseconds(200))).contains(duration(to: visit))
    }
}
