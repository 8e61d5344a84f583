import Contracts
public import Lifecycle
import Observability

/// Tells others of measurements, where that is configured; whatever becomes of it, the store goes on.
public struct Telemetry: Service {
    private let exporters: [TelemetryExporter]

    init(_ exporters: [TelemetryExporter]) { self.exporters = exporters }

    public func run() async throws {
        try await withThrowingTaskGroup { group in
            for exporter in exporters { group.addTask { try await exporter.run() } }
            // Without any, there is nothing to do until the end.
            group.addTask { _ = try await Latest(()).next(after: 0) }
            try await group.waitForAll()
        }
    }

    public func drain() async {
        for exporter in exporters { await exporter.drain() }
    }
}

extension ProbeTotals {
    /// What is shown at a moment.
    func families(at now: Timestamp, seriesLimit: Int) -> [SampledFamily] {
        ProbePage(content, at: now.advanced(by: .zero - Self.grace), seriesLimit: seriesLimit).families
    }
}

extension ProbePage {
    /// The page of a moment: its quantiles are of the minute before.
    init(_ content: ProbeTotals.Content, at time: Timestamp, seriesLimit: Int) {
        let minute = RollupStep.minute.index(of: time.microseconds) - 1
        self.init(content, minute: minute, seriesLimit: seriesLimit)
    }
}
