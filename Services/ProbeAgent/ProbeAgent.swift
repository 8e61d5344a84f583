import Contracts
public import EventLoop
public import JSONRPC
public import Lifecycle
public import Observability
import Probing

/// A vantage point: runs the checks that the orchestrator assigns, when they are due, and sends the store what it saw.
///
/// It goes on with what it was last assigned while the orchestrator is away, and keeps its measurements, within
/// bounds, while the store is.
public actor ProbeAgent: Service {
    private static let version = "0.1.0"
    /// How often counts that are kept elsewhere are taken over into the metrics.
    private static let countInterval = Duration.seconds(1)

    private let settings: ProbeAgentSettings
    private let loop: EventLoop
    private let clock: any Clock<Duration>
    private let link: OrchestratorLink
    private let outbox: Outbox
    private let sender: MeasurementSender
    private let log: Log
    private let metrics: ProbeMetrics
    private var agent: AgentID?
    private var assignments: [CheckID: Assignment] = [:]
    private var runners: [CheckID: CheckRunner] = [:]
    private var isDraining = false

    public init(
        _ settings: ProbeAgentSettings,
        orchestrator: RPCClient,
        store: RPCClient,
        on loop: EventLoop,
        log: Log,
        metrics: Metrics
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        let clock = LoopClock(loop)
        self.clock = clock
        self.metrics = ProbeMetrics(metrics)
        outbox = Outbox(
            MeasurementQueue(
                maximumBytes: settings.queueBytes,
                batchRows: settings.batchRows,
                origin: settings.name
            )
        )
        sender = MeasurementSender(
            outbox,
            to: store,
            batchesInFlight: settings.batchesInFlight,
            clock: clock,
            log: log,
            metrics: metrics
        )
        link = OrchestratorLink(
            orchestrator: orchestrator,
            registration: { [name = settings.name, resolvers = settings.resolvers] in
                AgentRegistration(name: name, version: Self.version, surroundings: .current(resolvers: resolvers))
            },
            clock: clock,
            log: log
        )
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// Measurements that the store has not acknowledged.
    public nonisolated var undelivered: Int { outbox.depth }

    public func run() async throws {
        let point = try VantagePoint(
            on: loop,
            policy: settings.policy,
            resolvers: settings.resolvers,
            secrets: ProbeSecrets(directory: settings.secretsDirectory),
            trust: TrustedAuthorities(file: settings.authorityFile)
        )
        let vantagePoint = LoopBound(point, on: loop)
        defer { vantagePoint.value.close() }
        let scheduler = ProbeScheduler(on: loop, maximumConcurrency: settings.maximumConcurrency) { due in
            await self.probe(due, from: vantagePoint)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await scheduler.run() }
            group.addTask { await self.traceFailures(from: vantagePoint) }
            group.addTask { try await self.sender.run() }
            group.addTask {
                try await self.link.run { agent, set in await self.take(set, as: agent, scheduler) }
            }
            group.addTask { try await self.count(scheduler) }
            try await group.waitForAll()
        }
    }

    /// Starts no more probes, and waits until the store has everything.
    public func drain() async {
        isDraining = true
        outbox.finish()
        do {
            try await outbox.untilEmpty()
        } catch {
            log.warning("stopping with measurements that the store did not take", ["rows": "\(outbox.depth)"])
        }
    }

    private func take(_ set: AssignmentSet, as agent: AgentID, _ scheduler: ProbeScheduler) async {
        self.agent = agent
        let enabled = set.assignments.filter(\.check.enabled)
        let before = assignments
        assignments = Dictionary(enabled.map { ($0.check.id, $0) }, uniquingKeysWith: { $1 })
        runners = runners.filter { before[$0.key] == assignments[$0.key] }
        log.info("assigned", ["checks": "\(assignments.count)", "revision": "\(set.revision)"])
        let place = set.agents.firstIndex(of: agent)
        // Without a place among those who share a target's rate, this agent is not counted in yet.
        let grids = assignments.compactMapValues { assignment -> ProbeGrid? in
            guard let pacing = assignment.pacing else {
                return ProbeGrid(every: .milliseconds(assignment.check.intervalMilliseconds))
            }
            return place.map { ProbeGrid(pacing, agent: $0) }
        }
        await scheduler.replace(grids, of: agent)
    }

    private func traceFailures(from point: LoopBound<VantagePoint>) async {
        await point.value.failures.run()
    }

    private func probe(_ due: ProbeSchedule.Due, from point: LoopBound<VantagePoint>) async {
        guard !isDraining, let agent, let assignment = assignments[due.check] else { return }
        let runner = self.runner(of: assignment, point.value)
        await runner.run { result in
            // Nobody would send it any more.
            guard !Task.isCancelled, !self.isDraining else { return }
            self.metrics.note(result)
            self.outbox.append(MeasurementRow(result), of: MeasurementSeries(assignment, result), by: agent)
        }
    }

    /// The one that ran the check before, which knows how that went.
    private func runner(of assignment: Assignment, _ point: VantagePoint) -> CheckRunner {
        if let known = runners[assignment.check.id] { return known }
        let check = assignment.check
        var options = check.options
        if assignment.pacing != nil {
            // What is sent besides would not keep to the target's rate.
            options.confirmations = 0
            options.traceOnFailure = false
        }
        let runner = CheckRunner(
            check.type,
            of: assignment.address,
            timeoutMilliseconds: check.timeoutMilliseconds,
            options: options,
            from: point
        )
        runners[check.id] = runner
        return runner
    }

    private func count(_ scheduler: ProbeScheduler) async throws {
        while true {
            try await clock.sleep(for: Self.countInterval)
            metrics.note(await scheduler.missed)
        }
    }
}

extension MeasurementRow {
    fileprivate init(_ result: CheckResult) {
        self.init(
            id: result.id,
            timestamp: result.outcome.startedAt,
            latency: result.outcome.latencyMilliseconds,
            status: result.outcome.status,
            reason: result.outcome.reason,
            sent: result.outcome.sent,
            received: result.outcome.received,
            metadata: result.outcome.metadata.bytes
        )
    }
}

extension MeasurementSeries {
    fileprivate init(_ assignment: Assignment, _ result: CheckResult) {
        self.init(
            checkID: assignment.check.id,
            targetID: assignment.check.targetID,
            target: assignment.targetName,
            type: result.type,
            endpoint: result.endpoint
        )
    }
}
