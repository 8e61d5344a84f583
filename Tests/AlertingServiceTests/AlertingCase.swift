import Configuration
import Contracts
import Database
import EventLoop
import JSONRPC
import Lifecycle
import Observability
import ServiceTesting
import Testing

@testable import AlertingService

/// An alerting service that runs on a real database, and follows a log of measurements.
struct AlertingCase: Sendable {
    let client: RPCClient
    let alerting: Alerting
    let sink: MemorySink
    let metrics: Metrics

    /// Runs one for as long as `body` does; it ends without warning, as a killed process does.
    static func run(
        in directory: TemporaryDirectory,
        _ measurements: MeasurementLog = MeasurementLog(),
        _ values: [String: String] = [:],
        now: @escaping @Sendable () -> Timestamp = { Probe.time(3_600) },
        orchestrator: RPCRouter = RPCRouter(title: "none", log: Log(label: "none", sink: MemorySink())),
        _ body: @escaping @Sendable (AlertingCase) async throws -> Void
    ) async throws {
        let sink = MemorySink()
        let loop = try EventLoop(name: "alerting")
        try loop.start()
        defer { loop.stop() }
        try await withClient(of: measurements.router, as: .alerting) { store in
            let log = Log(label: "test", sink: sink)
            let metrics = Metrics()
            var settings = try AlertingSettings(from: Environment(values))
            // Samples are of a day long ago.
            settings.limits.lateAfter = .seconds(100 * 365 * 86_400)
            let database = try await TestEngine.open("alerting", in: directory)
            let alerting = try await Alerting.open(
                database,
                settings,
                store: store,
                orchestrator: RPCClient(inProcess: orchestrator, as: .alerting),
                on: loop,
                now: now,
                log: log,
                metrics: metrics
            )
            var router = RPCRouter(title: "alerting", authorizer: OpenDoor(for: Person.editor), log: log)
            alerting.addRoutes(to: &router)
            let test = AlertingCase(
                client: RPCClient(inProcess: router, as: .gateway),
                alerting: alerting,
                sink: sink,
                metrics: metrics
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await withTaskExecutorPreference(loop) { try await alerting.run() } }
                defer { group.cancelAll() }
                try await body(test)
            }
            await database.close()
        }
    }

    /// Waits until `condition` holds, which is looked at whenever something may have changed.
    func until(_ condition: () async throws -> Bool) async throws {
        while true {
            let version = alerting.book.deliveryChanges.current.version
            if try await condition() { return }
            _ = try await alerting.book.deliveryChanges.next(after: version)
        }
    }

    /// The incidents, oldest first, once there are so many and so many of them fire.
    func incidents(_ count: Int, firing: Int) async throws -> [Incident] {
        try await until {
            let incidents = try await self.incidents
            return incidents.count >= count && incidents.count(where: { $0.state == .firing }) == firing
        }
        return try await incidents
    }

    var incidents: [Incident] {
        get async throws {
            try await client.call(.listIncidents, IncidentFilter(limit: 1_000)).incidents.reversed()
        }
    }
}

/// The error that a call ends with.
func failure(_ body: () async throws -> some Any) async throws -> RPCError {
    let error = await #expect(throws: RPCError.self) { _ = try await body() }
    return try #require(error)
}
