import Contracts
import Foundation
import JSONRPC
import Synchronization
import Testing

@testable import CLIService

@Suite("The mesh, with real processes", .serialized)
struct KillTests {
    private static let interval = 200

    /// What a client saw go by on the live stream.
    private final class Seen: Sendable {
        let ids = Mutex<Set<String>>([])

        var count: Int { ids.withLock { $0.count } }
    }

    @Test("goes on when any one service is killed, loses nothing that was acknowledged, and stores nothing twice")
    func kills() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let client = try await installation.signIn()
        var targets: [Target] = []
        for number in 1...4 {
            let check = NewTargetCheck(type: .tcp, intervalMilliseconds: Self.interval, timeoutMilliseconds: 150)
            let new = NewTarget(address: "127.0.9.\(number):1", name: "target \(number)", checks: [check])
            targets.append(try await client.call(.createTarget, new))
        }
        let seen = Seen()
        let ids = targets.map(\.id)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await Self.watch(client, ids, seen) }
            try await eventually("rows appear") { seen.count > 20 }
            for service in ["push", "alerting", "orchestrator", "store", "gateway", "probe-agent"] {
                try await Self.kill(service, in: installation, seen)
            }
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
        try await check(client, targets, seen)
        #expect(try await installation.stop() == 0)
        #expect(installation.text.hasSuffix("stopped\n"))
    }

    /// Kills a service and waits until rows come in again, through a new process.
    private static func kill(_ service: String, in installation: Installation, _ seen: Seen) async throws {
        let old = try #require(installation.process(of: service), "\(service) runs")
        Foundation.kill(old, SIGKILL)
        try await eventually("\(service) is back") {
            installation.process(of: service).map { $0 != old } ?? false
        }
        let before = seen.count
        try await eventually("rows come in after \(service) was killed") { seen.count > before + 20 }
    }

    /// Follows the live stream, again and again, and notes every row that it brings.
    private static func watch(_ client: APIClient, _ targets: [TargetID], _ seen: Seen) async {
        while !Task.isCancelled {
            try? await client.follow(.followMeasurements, FollowRequest(targetIDs: targets)) { event in
                seen.ids.withLock { $0.formUnion(event.batch.columns.id.map(\.description)) }
            }
            try? await ContinuousClock().sleep(for: .milliseconds(50))
        }
    }

    private func check(_ client: APIClient, _ targets: [Target], _ seen: Seen) async throws {
        var stored: [Contracts.Measurement] = []
        for target in targets {
            let filter = MeasurementFilter(targetID: target.id, limit: 10_000)
            let page = try await client.call(.listMeasurements, filter)
            let rows = page.measurements
            #expect(Slots(rows, interval: Self.interval).doubled == 0, "a run of \(target.name) was doubled")
            stored += rows
        }
        let ids = Set(stored.map(\.id.rawValue))
        #expect(ids.count == stored.count, "an id is stored once")
        // What was on the stream was acknowledged before.
        let missing = seen.ids.withLock { $0.subtracting(ids) }
        #expect(missing.isEmpty, "\(missing.count) acknowledged rows are gone")
        #expect(stored.count > 100)
    }
}
