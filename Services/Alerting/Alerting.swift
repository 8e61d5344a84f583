public import Contracts
public import Database
import Egress
public import EventLoop
public import JSONRPC
public import Lifecycle
public import Observability

/// Turns measurements into incidents by rules, and tells receivers of them.
public struct Alerting: Service {
    let book: AlertBook
    private let evaluation: Evaluation
    private let courier: Courier
    private let retiredChecks: RetiredChecks
    private let maintenance: MaintenanceWatch
    private let housekeeping: Housekeeping
    private let policy: AddressPolicy
    private let now: @Sendable () -> Timestamp

    /// Brings the schema up to date, and makes the first rule and the first receiver when it is new.
    ///
    /// `store` is followed for measurements, and `orchestrator` asked what is watched still; `now` is what is written
    /// down as the time.
    public static func open(
        _ database: any Database,
        _ settings: AlertingSettings,
        store: RPCClient,
        orchestrator: RPCClient,
        on loop: EventLoop,
        now: @escaping @Sendable () -> Timestamp = { .now },
        log: Log,
        metrics: Metrics
    ) async throws -> Alerting {
        try await database.migrate(schema(at: now()))
        let book = AlertBook(database, settings.limits)
        try await book.write { _ in }
        let clock = LoopClock(loop)
        let policy: AddressPolicy = settings.allowsPrivateWebhooks ? .standard : .global
        let maintenance = MaintenanceWatch(
            orchestrator: orchestrator,
            interval: settings.maintenanceInterval,
            clock: clock,
            log: log
        )
        let evaluation = Evaluation(
            book,
            store: store,
            maintenance: maintenance,
            clock: clock,
            now: now,
            log: log
        )
        addGauges(book, evaluation, to: metrics)
        return Alerting(
            book: book,
            evaluation: evaluation,
            courier: Courier(
                book,
                await WebhookSender.open(policy, timeout: settings.webhookTimeout, on: loop),
                retries: settings.retries,
                clock: clock,
                now: now,
                log: log,
                metrics: metrics
            ),
            retiredChecks: RetiredChecks(
                book: book,
                orchestrator: orchestrator,
                interval: settings.retirementInterval,
                clock: clock,
                now: now,
                log: log
            ),
            maintenance: maintenance,
            housekeeping: Housekeeping(
                book: book,
                retention: settings.retention,
                clock: clock,
                now: now,
                log: log
            ),
            policy: policy,
            now: now
        )
    }

    /// Adds `rule.*`, `incident.*`, `receiver.*` and `silence.*`.
    public func addRoutes(to router: inout RPCRouter) {
        RuleCatalog(book: book, now: now).addRoutes(to: &router)
        IncidentCatalog(book: book, now: now).addRoutes(to: &router)
        ReceiverCatalog(book: book, policy: policy, now: now).addRoutes(to: &router)
        SilenceCatalog(book: book, now: now).addRoutes(to: &router)
    }

    public func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await evaluation.run() }
            group.addTask { try await courier.run() }
            group.addTask { try await retiredChecks.run() }
            group.addTask { try await maintenance.run() }
            group.addTask { try await housekeeping.run() }
            try await group.waitForAll()
        }
    }

    /// Lets webhooks that are under way finish.
    public func drain() async {
        await courier.drain()
    }

    private static func addGauges(_ book: AlertBook, _ evaluation: Evaluation, to metrics: Metrics) {
        metrics.gauge("sonde_rules", "Rules that are enabled.") { Double(book.counts.rules) }
        metrics.gauge("sonde_incidents_firing", "Incidents that have not ended.") { Double(book.counts.firing) }
        metrics.gauge("sonde_deliveries_pending", "Notices of incidents that are not acknowledged yet.") {
            Double(book.counts.pending)
        }
        metrics.gauge("sonde_evaluation_lag_seconds", "Age of the newest measurement that rules were applied to.") {
            evaluation.lag.inSeconds
        }
    }
}
