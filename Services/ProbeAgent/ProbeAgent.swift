import Contracts
import Egress
package import EventLoop
package import JSONRPC
package import JSONRPCTransport
public import Lifecycle
package import Observability
import Probing

/// A vantage point: runs the checks that the orchestrator assigns, when they are due, and sends the store what it saw.
///
/// It goes on with what it was last assigned while the orchestrator is away, and keeps its measurements, within
/// bounds, while the store is; both through restarts of its own.
public actor ProbeAgent: Service {
    private static let version = "0.1.0"
    /// How often counts that are kept elsewhere are taken over into the metrics.
    private static let countInterval = Duration.seconds(1)
    /// How long a stopping agent tries to send what it has; what is left is on disk.
    private static let lastTry = Duration.seconds(2)

    /// Changes that come so soon after one another leave their heap to the next one.
    private static let trimDelaySeconds = 3

    private let settings: ProbeAgentSettings
    private let loop: EventLoop
    private let clock: any Clock<Duration>
    private let link: OrchestratorLink
    private let spool: Spool
    private let sender: MeasurementSender
    private let gaps: GapReporter
    private let readiness: ReadyState
    private let log: Log
    private var metrics: ProbeMetrics
    private let identity = Latest<AgentID?>(nil)
    private var known: KnownAssignments?
    private var assignments: [CheckID: Assignment] = [:]
    private var runners: [CheckID: CheckRunner] = [:]
    private var orders = OrderBook()
    /// Seconds until what many changes of the assignments have left of the heap is given back.
    private var secondsToTrim: Int?
    private var isDraining = false

    /// Probes on `loop`, and sends from the spool's, where `store` had best have its connection: then no measurement
    /// goes back and forth between the two.
    ///
    /// `readiness` is set when there is something to run.
    package init(
        _ settings: ProbeAgentSettings,
        _ spool: Spool,
        orchestrator: RPCClient,
        store: RPCClient,
        on loop: EventLoop,
        readiness: ReadyState,
        log: Log,
        metrics: Metrics
    ) {
        self.settings = settings
        self.spool = spool
        self.loop = loop
        self.readiness = readiness
        self.log = log
        let clock = LoopClock(loop)
        self.clock = clock
        self.metrics = ProbeMetrics(metrics)
        let sendingClock = LoopClock(spool.loop)
        sender = MeasurementSender(spool, to: store, settings.delivery, clock: sendingClock, log: log, metrics: metrics)
        gaps = GapReporter(spool: spool, store: store, clock: sendingClock, log: log)
        link = OrchestratorLink(
            orchestrator: orchestrator,
            registration: { [settings] in
                AgentRegistration(
                    name: settings.name,
                    version: Self.version,
                    labels: settings.labels,
                    capabilities: CheckType.allCases,
                    surroundings: .current(
                        resolvers: settings.resolvers,
                        allowsLoopback: settings.policy.allows(.loopback)
                    ),
                    node: settings.node,
                    reachable: settings.reach
                )
            },
            clock: clock,
            log: log
        )
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    /// Measurements that the store has not acknowledged.
    public nonisolated var undelivered: Int { spool.waiting }

    public func run() async throws {
        do {
            try await withTaskExecutorPreference(loop) { try await runParts() }
        } catch {
            await spool.close()
            throw error
        }
        await spool.close()
    }

    private func runParts() async throws {
        let point = try VantagePoint(
            on: loop,
            policy: settings.policy,
            resolvers: settings.resolvers,
            secrets: ProbeSecrets(directory: settings.secretsDirectory),
            trust: TrustedAuthorities(file: settings.authorityFile)
        )
        let vantagePoint = LoopBound(point, on: loop)
        let reflector = LoopBound(openReflector(), on: loop)
        defer {
            vantagePoint.value.close()
            reflector.value?.close()
        }
        let scheduler = ProbeScheduler(on: loop, maximumConcurrency: settings.maximumConcurrency) { due in
            await self.probe(due, from: vantagePoint)
        }
        if let known = await spool.assignments() {
            // What was ordered before this process began was obeyed then, or is too old.
            _ = orders.take(known.set.assignments)
            orders.skip()
            await apply(known, scheduler)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await scheduler.run() }
            group.addTask { await self.traceFailures(from: vantagePoint) }
            group.addTask(executorPreference: self.spool.loop) { try await self.spool.run() }
            group.addTask(executorPreference: self.spool.loop) { try await self.sender.run() }
            group.addTask(executorPreference: self.spool.loop) { try await self.reportGaps() }
            group.addTask {
                try await self.link.run { agent, set in
                    await self.take(set, as: agent, scheduler)
                } rest: {
                    await self.rest(scheduler)
                }
            }
            group.addTask { try await self.count(scheduler) }
            try await group.waitForAll()
        }
    }

    /// An agent that cannot answer the sessions of others still probes.
    private func openReflector() -> STAMPReflector? {
        guard let address = settings.reflector else { return nil }
        do {
            let reflector = try STAMPReflector(at: address, on: loop)
            log.info("answers STAMP sessions", ["address": "\(reflector.address)"])
            return reflector
        } catch {
            log.error("cannot answer STAMP sessions", ["address": "\(address)", "error": "\(error)"])
            return nil
        }
    }

    /// Starts no more probes, writes down what there is, and tries for a moment to send it.
    public func drain() async {
        isDraining = true
        do {
            try await spool.flush()
            try await untilSent()
        } catch {
            log.warning("stopping without a last try", ["error": "\(error)"])
        }
        if undelivered > 0 { log.info("measurements are left for the next start", ["rows": "\(undelivered)"]) }
    }

    private func untilSent() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.spool.untilEmpty() }
            group.addTask { try await self.clock.sleep(for: Self.lastTry) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func take(_ set: AssignmentSet, as agent: AgentID, _ scheduler: ProbeScheduler) async {
        let new = KnownAssignments(agentID: agent, set: set)
        guard new != known else { return }
        await apply(new, scheduler)
        await spool.keep(new)
    }

    /// Leaves all checks to another process, and goes on sending what there is.
    private func rest(_ scheduler: ProbeScheduler) async {
        guard let agent = known?.agentID else { return }
        known = nil
        assignments = [:]
        runners = [:]
        await scheduler.replace([:], of: agent)
    }

    private func apply(_ new: KnownAssignments, _ scheduler: ProbeScheduler) async {
        known = new
        identity.update(new.agentID)
        let enabled = new.set.assignments.filter(\.check.enabled)
        let before = assignments
        assignments = Dictionary(enabled.map { ($0.check.id, $0) }, uniquingKeysWith: { $1 })
        runners = runners.filter { before[$0.key]?.unordered == assignments[$0.key]?.unordered }
        log.info("assigned", ["checks": "\(assignments.count)", "revision": "\(new.set.revision)"])
        let ordered = orders.take(enabled)
        await scheduler.replace(grids(new), of: new.agentID)
        for check in ordered { await scheduler.order(check) }
        readiness.hasStarted = true
        secondsToTrim = Self.trimDelaySeconds
    }

    /// Without a place among those who share a target's rate, this agent is not counted in yet, and leaves it alone.
    private func grids(_ known: KnownAssignments) -> [CheckID: ProbeGrid] {
        let place = known.set.agents.firstIndex(of: known.agentID)
        return assignments.compactMapValues { assignment in
            guard let pacing = assignment.pacing else {
                if assignment.order?.isOnly == true { return nil }
                return ProbeGrid(every: .milliseconds(assignment.check.intervalMilliseconds))
            }
            return place.map { ProbeGrid(pacing, agent: $0) }
        }
    }

    /// Reports under the name that the agent goes by, from when it has one.
    private nonisolated func reportGaps() async throws {
        var version = -1
        while let next = try await identity.next(after: version) {
            version = next.version
            guard let agent = next.value else { continue }
            return try await gaps.run(as: agent)
        }
    }

    private func traceFailures(from point: LoopBound<VantagePoint>) async {
        await point.value.failures.run()
    }

    private func probe(_ due: ProbeSchedule.Due, from point: LoopBound<VantagePoint>) async {
        await spool.waitForRoom()
        guard !isDraining, let agent = known?.agentID, let assignment = assignments[due.check] else { return }
        guard orders.allow(assignment) else { return }
        metrics.noteStart(after: due.slot)
        let runner = self.runner(of: assignment, point.value)
        await runner.run { result in
            // What a probe sees that is cut short is not so.
            guard !Task.isCancelled else { return }
            self.metrics.note(result)
            self.spool.append(MeasurementRow(result), of: MeasurementSeries(assignment, result), by: agent)
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
            guard let seconds = secondsToTrim else { continue }
            secondsToTrim = seconds > 1 ? seconds - 1 : nil
            guard seconds == 1 else { continue }
            Heap.trim()
            spool.loop.execute { Heap.trim() }
        }
    }
}
