import Contracts
import JSONRPC
import Lifecycle
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import AlertingService

@Suite("Maintenance", .timeLimit(.minutes(5)))
struct MaintenanceTests {
    /// An orchestrator that tells of one maintenance, and can be away.
    private final class Planner: Sendable {
        private let entries: Mutex<[MaintenanceCalendar.Entry]?>
        private let asked = Latest(())

        init(_ entries: [MaintenanceCalendar.Entry]) {
            self.entries = Mutex(entries)
        }

        var router: RPCRouter {
            var router = RPCRouter(
                title: "planner",
                authorizer: OpenDoor(),
                log: Log(label: "test", sink: MemorySink())
            )
            router.handle(.maintenanceCalendar) { [self] _ in
                defer { asked.update(()) }
                guard let entries = entries.withLock({ $0 }) else { throw RPCError(.unavailable, "away") }
                return MaintenanceCalendar(entries: entries)
            }
            return router
        }

        /// Answers with these from now on, or not at all, and waits until that was done twice.
        func set(_ entries: [MaintenanceCalendar.Entry]?) async throws {
            self.entries.withLock { $0 = entries }
            let version = asked.current.version
            _ = try await asked.next(after: version + 2)
        }
    }

    @Test("keeps incidents from beginning, also while the orchestrator is away, until it ends")
    func maintenance() async throws {
        let (directory, measurements) = (try TemporaryDirectory(), MeasurementLog())
        let (probe, other) = (Probe("repaired"), Probe("other"))
        let planned = MaintenanceCalendar.Entry(
            targetIDs: [probe.series.targetID],
            from: Probe.time(0),
            to: Probe.time(100)
        )
        let planner = Planner([planned])
        try await AlertingCase.run(
            in: directory,
            measurements,
            ["ALERTING_MAINTENANCE_INTERVAL": "10ms", "ALERTING_RETIREMENT_INTERVAL": "1h"],
            orchestrator: planner.router
        ) { test in
            try await measurements.followed()
            measurements.append(probe.batch("xxx"))
            measurements.append(other.batch("xxx"))
            #expect(try await test.incidents(1, firing: 1).map(\.targetName) == ["other"])
            try await planner.set(nil)
            measurements.append(probe.batch("x", at: 3))
            measurements.append(other.batch("...", at: 3))
            #expect(try await test.incidents(1, firing: 0).count == 1)
            // It is ended before its time, and the fault goes on.
            try await planner.set([])
            measurements.append(probe.batch("x", at: 4))
            let last = try #require(try await test.incidents(2, firing: 1).last)
            #expect(last.targetName == "repaired" && last.startedAt == Probe.time(0))
        }
    }
}
