import Contracts
import JSONRPC
import Lifecycle
import Observability
import Tokens

/// Answers `assignment.follow`: tells agents what to run, and what to run instead after every change.
///
/// Changes that come while a set is read or sent become one, so a slow agent gets the newest set and nothing between.
final class AssignmentFeed: Sendable {
    private static let shortestPause = Duration.milliseconds(200)

    private let inventory: Inventory
    private let registry: AgentRegistry
    private let processes = AgentProcesses()
    private let clock: any Clock<Duration>
    private let log: Log
    /// How many others an agent of the mesh probes; `nil` without a mesh.
    private let peersEach: Int?
    private let now: @Sendable () -> Timestamp
    private let snapshots = Latest<AssignmentSnapshots?>(nil)
    /// When a schedule of a check says otherwise than in the newest snapshot.
    private let nextChange = Latest<Timestamp?>(nil)

    init(
        _ inventory: Inventory,
        _ registry: AgentRegistry,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        peersEach: Int? = nil,
        log: Log
    ) {
        self.inventory = inventory
        self.registry = registry
        self.clock = clock
        self.now = now
        self.log = log
        self.peersEach = peersEach
    }

    func addRoutes(to router: inout RPCRouter) {
        router.handle(RPCStreamMethod.followAssignments.descriptor, raw: follow)
    }

    /// Makes a new snapshot after every change, until it is cancelled.
    func run() async throws {
        var unwritten: RunChanges?
        while true {
            let version = inventory.changes.current.version
            do {
                if let changes = try await publish() { unwritten = changes }
                if let changes = unwritten, !changes.isEmpty { try await inventory.write(changes.write) }
                unwritten = nil
            } catch let error where !(error is CancellationError) {
                log.warning("cannot make assignments, or write down runs", ["error": "\(error)"])
                try await clock.sleep(for: .seconds(1))
                continue
            }
            // However often somebody has something change, agents are told five times a second at most.
            try await clock.sleep(for: Self.shortestPause)
            guard try await inventory.changes.next(after: version) != nil else { return }
        }
    }

    /// Ends every stream; agents come back elsewhere, or later.
    func finish() {
        snapshots.finish()
        nextChange.finish()
    }

    /// Agents that follow now, and are told of the next change.
    var followerCount: Int { snapshots.waiterCount }

    /// Makes new assignments when an agent is heard of no more, or again, and some checks are run by some agents only.
    func watchAgents(every interval: Duration) async throws {
        var seen = registry.online
        while true {
            try await clock.sleep(for: interval)
            let online = registry.online
            guard online != seen, snapshots.current.value?.hasChoices == true else { continue }
            do {
                // Another orchestrator, should it take over, is to know the same ones as alive.
                try await registry.save()
                try await inventory.change { _ in }
                seen = online
            } catch let error where !(error is CancellationError) {
                log.warning("cannot give the checks of an agent to others", ["error": "\(error)"])
            }
        }
    }

    /// Makes new assignments when a schedule begins to say otherwise.
    ///
    /// The wall clock may be set in between, so it is looked at once in `interval` at least.
    func watchSchedules(every interval: Duration) async throws {
        var done: Timestamp?
        while let (version, change) = try await nextChange.next(after: -1) {
            let time = now()
            if let change, change <= time, change != done {
                do {
                    try await inventory.change { _ in }
                    done = change
                } catch let error where !(error is CancellationError) {
                    log.warning("cannot begin or end what schedules say", ["error": "\(error)"])
                }
            }
            let left = change.map { time.duration(to: $0) } ?? interval
            try await wait(left > .zero ? min(left, interval) : interval, or: version)
        }
    }

    /// Until some time has gone by, or a snapshot was made.
    private func wait(_ time: Duration, or version: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock] in try await clock.sleep(for: time) }
            group.addTask { [nextChange] in _ = try await nextChange.next(after: version) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Makes a snapshot of a new revision, and returns which runs begin and end with it.
    private func publish() async throws -> RunChanges? {
        let (set, agents, online, plan, runs, peers) = try await inventory.read {
            [registry, now, peersEach] connection in
            // Who is alive is asked only then: a change because of an agent comes after the agent is known to be. And so
            // is the time: what a person has begun by then has begun.
            let revision = try connection.assignmentRevision()
            let (sharers, online) = (registry.recent, registry.online)
            var plan = SchedulePlan(at: now())
            let set = try connection.assignments(revision, sharedBy: sharers, &plan)
            let runs = RunChanges(try connection.openRuns(), plan, assigned: Set(set.assignments.map(\.check.id)))
            let peers = peersEach == nil ? [:] : try connection.meshTargets()
            return (set, try connection.agents(), online, plan, runs, peers)
        }
        // A schedule may say otherwise by now, but that is for the next revision.
        guard snapshots.current.value?.revision != set.revision else { return nil }
        let mesh = MeshPlan(peers, agents, online, peersEach: peersEach ?? 0)
        snapshots.update(try AssignmentSnapshots(set, placement(of: agents, online), mesh: mesh))
        nextChange.update(plan.nextChange)
        return runs
    }

    private func placement(of agents: [AgentRow], _ online: Set<AgentID>) -> Placement {
        Placement(
            agents.map { agent in
                Placement.Candidate(
                    id: agent.id,
                    labels: agent.labels,
                    capabilities: Set(agent.capabilities),
                    mode: agent.mode,
                    weight: agent.weight,
                    isOnline: online.contains(agent.id)
                )
            }
        )
    }

    private func follow(_ params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        guard let request = try? AssignmentRequest(payload: params) else {
            throw invalid("id", "must be an agent's id")
        }
        let caller = EnrolledCaller.ofCall
        try await inventory.requireCaller(caller, isAgent: request.id)
        guard registry.isKnown(request.id) else { throw RPCError.noAgent(request.id) }
        guard let (version, snapshot) = try await first(for: request.id) else {
            throw RPCError(.unavailable, "the orchestrator is stopping")
        }
        let place = try processes.enter(request, isAlive: registry.online.contains(request.id))
        return RPCRawReply(
            result: snapshot.result,
            stream: RPCStreamBody { [self] sink in
                guard let place else { return try await send(to: sink, for: request.id, caller, after: version) }
                defer { processes.leave(place) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { [self] in try await send(to: sink, for: request.id, caller, after: version) }
                    group.addTask { if try await place.untilTaken() { throw RPCError.displaced } }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        )
    }

    /// Returns when there will be no more changes, or none for this agent.
    private func send(
        to sink: any RPCLineSink,
        for agent: AgentID,
        _ caller: EnrolledCaller?,
        after version: Int
    ) async throws {
        var version = version
        while let next = try await snapshots.next(after: version) {
            version = next.version
            try await inventory.requireCaller(caller, isAgent: agent)
            guard let snapshot = next.value?.snapshot(for: agent) else { return }
            try await sink.send(line: snapshot.line)
        }
    }

    /// Waits for the first snapshot that knows of an agent, which may have registered a moment ago.
    private func first(for agent: AgentID) async throws -> (version: Int, snapshot: AssignmentSnapshot)? {
        var version = 0
        while let next = try await snapshots.next(after: version) {
            version = next.version
            if let snapshot = next.value?.snapshot(for: agent) { return (version, snapshot) }
        }
        return nil
    }
}
