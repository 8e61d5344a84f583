import Contracts
import Database
import JSON
import JSONRPC

/// What each agent is to run, written out once for all that run the same.
struct AssignmentSnapshots: Sendable {
    let revision: Int
    /// Whether some checks are run by some agents only.
    let hasChoices: Bool
    private let byAgent: [AgentID: AssignmentSnapshot]

    /// Checks of targets that `mesh` has are run by whom that says.
    init(_ set: AssignmentSet, _ placement: Placement, mesh: MeshPlan = MeshPlan()) throws {
        revision = set.revision
        var places: [AgentID: [Int]] = [:]
        var hasChoices = false
        let groups = Dictionary(grouping: set.assignments.indices) { set.assignments[$0].check.type }
        for (type, indices) in groups {
            let able = placement.able(of: type)
            for index in indices {
                let check = set.assignments[index].check
                hasChoices = hasChoices || check.agents?.count != nil
                let agents =
                    mesh.probers[check.targetID] ?? check.agents.map { able.agents(for: check.id, $0) } ?? able.all
                for agent in agents { places[agent, default: []].append(index) }
            }
        }
        self.hasChoices = hasChoices
        var written: [[Int]: AssignmentSnapshot] = [:]
        var byAgent: [AgentID: AssignmentSnapshot] = [:]
        for agent in placement.all {
            let own = (places[agent] ?? []).sorted()
            if written[own] == nil {
                var part = set
                part.assignments = own.map { set.assignments[$0] }
                written[own] = try AssignmentSnapshot(part)
            }
            byAgent[agent] = written[own]
        }
        self.byAgent = byAgent
    }

    /// `nil` for an agent that is removed.
    func snapshot(for agent: AgentID) -> AssignmentSnapshot? { byAgent[agent] }
}

/// A set of assignments, written out once for all the agents that get it.
struct AssignmentSnapshot: Sendable {
    let revision: Int
    let count: Int
    /// The set as JSON.
    let result: ArraySlice<UInt8>
    /// The notification that carries the set on a stream.
    let line: [UInt8]

    init(_ set: AssignmentSet) throws {
        revision = set.revision
        count = set.assignments.count
        var writer = JSONWriter(capacity: 256 + 400 * set.assignments.count)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.raw("\"2.0\"")
        writer.key("method")
        writer.string(RPCStreamMethod.followAssignments.descriptor.name)
        writer.key("params")
        let start = writer.bytes.count
        try set.writePayload(to: &writer)
        let end = writer.bytes.count
        writer.endObject()
        line = writer.bytes
        result = line[start..<end]
    }
}

extension DatabaseConnection {
    func assignmentRevision() throws -> Int {
        try count("SELECT value FROM counter WHERE name = 'revision'")
    }

    /// What every agent is to run, of all tenants: the enabled checks of enabled targets whose schedules say now, and
    /// what a person wants to run.
    ///
    /// `sharers` are the agents among which the rates of targets are shared.
    func assignments(
        _ revision: Int,
        sharedBy sharers: [AgentID],
        _ plan: inout SchedulePlan
    ) throws -> AssignmentSet {
        var rates: [TargetID: Double] = [:]
        var assignments: [Assignment] = []
        let runs = Dictionary(grouping: try openRuns(), by: \.run.checkID)
        try query(
            """
            SELECT \(Check.columns), target.name, target.address, target.max_rate
            FROM check_definition JOIN target ON target.id = check_definition.target_id
            WHERE target.enabled = 1 AND (check_definition.enabled = 1 OR check_definition.id IN (
                SELECT check_id FROM check_run WHERE ended_at IS NULL AND once = 1))
            ORDER BY check_definition.id
            """
        ) { row in
            var check = try Check(row)
            let runs = runs[check.id] ?? []
            guard let place = try plan.place(of: check, runs) else { return }
            // Agents do as they are told, and need not know why.
            check.schedule = nil
            check.enabled = true
            if let rate: Double = try row[13] { rates[check.targetID] = rate }
            var assignment = Assignment(check: check, targetName: try row.text(11), address: try row.text(12))
            assignment.order = place.order
            assignments.append(assignment)
        }
        assignments.share(rates, among: sharers.count)
        return AssignmentSet(revision: revision, assignments: assignments, agents: rates.isEmpty ? [] : sharers)
    }
}

extension [Assignment] {
    /// Gives the checks of targets with a limit their slots.
    fileprivate mutating func share(_ rates: [TargetID: Double], among agents: Int) {
        guard !rates.isEmpty else { return }
        let limited = Dictionary(grouping: indices.filter { rates[self[$0].check.targetID] != nil }) {
            self[$0].check.targetID
        }
        for (target, places) in limited {
            guard let rate = rates[target] else { continue }
            for (number, place) in places.enumerated() {
                self[place].pacing = Pacing(
                    rate: rate,
                    agents: agents,
                    check: number,
                    of: places.count,
                    interval: self[place].check.intervalMilliseconds * 1_000
                )
            }
        }
    }
}
