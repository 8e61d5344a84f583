public import Contracts
public import Database
public import EventLoop
public import JSONRPC
public import Lifecycle
public import Observability

/// Owns every measurement: stores each once, answers questions about them, and streams them as they come.
public struct Store: Service {
    private let database: any Database
    private let telemetrySettings: TelemetrySettings
    private let metrics: Metrics
    private let ingest: Ingest
    private let hours: CheckHourBook
    private let labelled: LabelledTargets
    private let replica: Replica
    private let clock: any Clock<Duration>
    private let log: Log
    private let reader: QueryReader
    private let gaps: GapBook
    private let forgetting: Forgetting
    private let sessions: SessionBook
    private let retention: RetentionBook
    private let compaction: Compaction
    private let pruning: Pruning
    private let settings: StoreSettings
    private let now: @Sendable () -> Timestamp

    /// Brings the schema up to date and reads what is kept in memory.
    ///
    /// `orchestrator` is asked whose the checks are that agents report; `clock` is slept by; `now` is what rows are compared with.
    public static func open(
        _ database: any Database,
        _ settings: StoreSettings,
        orchestrator: RPCClient,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = { .now },
        log: Log,
        metrics: Metrics
    ) async throws -> Store {
        try await database.migrate(schema)
        let totals = settings.telemetry.isOn ? ProbeTotals(now: now) : nil
        if let totals, settings.telemetry.showsMeasurements {
            metrics.families { totals.families(at: now(), seriesLimit: settings.telemetry.series) }
        }
        let replica = try await Replica.open(
            database,
            seriesLimit: settings.ingest.series,
            retention: settings.retention,
            totals: totals
        )
        let (series, head, events) = (replica.series, replica.head, replica.events)
        metrics.gauge("sonde_store_followers", "Streams that are up to date.") { Double(events.followerCount) }
        metrics.gauge("sonde_store_series", "Checks as agents see them.") { Double(series.count) }
        let reader = QueryReader(
            database: database,
            head: head,
            limits: settings.queries,
            retention: replica.retention,
            now: now
        )
        let enrolled = EnrolledAgents(orchestrator: orchestrator)
        let forgetting = Forgetting(database: database, replica: replica, now: now)
        return Store(
            database: database,
            telemetrySettings: settings.telemetry,
            metrics: metrics,
            ingest: Ingest(
                database,
                settings,
                replica,
                orchestrator: orchestrator,
                enrolled: enrolled,
                now: now,
                log: log,
                metrics: metrics
            ),
            hours: CheckHourBook(orchestrator: orchestrator, now: now),
            labelled: LabelledTargets(orchestrator: orchestrator),
            replica: replica,
            clock: clock,
            log: log,
            reader: reader,
            gaps: GapBook(database: database, reader: reader, enrolled: enrolled, now: now),
            forgetting: forgetting,
            sessions: SessionBook(database: database, reader: reader, now: now),
            retention: RetentionBook(database: database, table: replica.retention, now: now),
            compaction: Compaction(
                database: database,
                settings: settings.compaction,
                replica: replica,
                clock: clock,
                now: now,
                log: log,
                metrics: CompactionMetrics(metrics, head),
                lease: Lease(database, "compaction")
            ),
            pruning: Pruning(
                database: database,
                settings: settings.retention,
                replica: replica,
                forgetting: forgetting,
                clock: clock,
                now: now,
                log: log
            ),
            settings: settings,
            now: now
        )
    }

    /// Adds `measurement.*`, `gap.*`, `session.*` and `retention.*`.
    public func addRoutes(to router: inout RPCRouter) {
        ingest.addRoutes(to: &router)
        gaps.addRoutes(to: &router)
        forgetting.addRoutes(to: &router)
        let series = replica.series
        let imports = Import(
            ingest: ingest,
            series: series,
            limits: settings.ingest,
            retention: replica.retention,
            now: now
        )
        router.handle(.importMeasurements, imports.callAsFunction)
        FollowStreams(events: replica.events, limits: reader.limits).addRoutes(to: &router)
        sessions.addRoutes(to: &router)
        retention.addRoutes(to: &router)
        let export = ExportQuery(reader: reader, series: series, labelled: labelled, sessions: sessions, now: now)
        router.handle(.exportMeasurements, export.callAsFunction)
        let latest = LatestQuery(reader: reader, series: series, labelled: labelled)
        router.handle(.latestMeasurements, written: latest.callAsFunction)
        let list = ListQuery(reader: reader, series: series, labelled: labelled, now: now)
        router.handle(.listMeasurements, written: list.callAsFunction)
        let summary = SummaryQuery(reader: reader, series: series, labelled: labelled, now: now)
        router.handle(.summarizeMeasurements, written: summary.callAsFunction)
        let timeline = TimelineQuery(reader: reader, series: series, hours: hours, now: now)
        router.handle(.measurementTimeline, written: timeline.callAsFunction)
        let heatmap = HeatmapQuery(reader: reader, series: series, now: now)
        router.handle(.measurementHeatmap, written: heatmap.callAsFunction)
        let matrix = MatrixQuery(reader: reader, series: series, labelled: labelled, now: now)
        router.handle(.measurementMatrix, written: matrix.callAsFunction)
        router.handle(.measurementMetric, written: MetricQuery(reader: reader, series: series, now: now).callAsFunction)
        router.handle(.measurementHops, written: HopQuery(reader: reader, series: series, now: now).callAsFunction)
        router.handle(.listRouteChanges, RouteQuery(reader: reader, series: series, now: now).callAsFunction)
    }

    /// Who sends to others what is measured from now on, from `loop`.
    public func telemetry(on loop: EventLoop) async -> Telemetry {
        guard let totals = replica.totals else { return Telemetry([]) }
        let sender = await TelemetrySender.open(on: loop)
        let wanted = [(TelemetryForm.remoteWrite, telemetrySettings.remoteWrite), (.otlp, telemetrySettings.otlp)]
        return Telemetry(
            wanted.compactMap { form, destination in
                guard let destination else { return nil }
                return TelemetryExporter(
                    form,
                    to: destination,
                    telemetrySettings,
                    totals,
                    Lease(database, form.rawValue),
                    sender,
                    clock: clock,
                    now: now,
                    log: log,
                    metrics: metrics
                )
            }
        )
    }

    public func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await ingest.run() }
            group.addTask { try await replica.follow(clock, log) }
            // What an earlier process left in the log, before what is too old of it is removed.
            try await compaction.flushOldest()
            group.addTask { try await compaction.run() }
            group.addTask { try await pruning.run() }
            try await group.waitForAll()
        }
    }

    /// Ends the streams, which nothing else would end, so to be drained before the server.
    public func drain() async {
        replica.events.finish()
    }
}
