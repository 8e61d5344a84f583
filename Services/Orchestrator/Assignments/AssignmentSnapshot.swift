import Contracts
import Database
import JSON
import JSONRPC

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
    /// What every agent is to run: the enabled checks of enabled targets.
    ///
    /// `sharers` are the agents among which the rates of targets are shared.
    func assignments(of tenant: String, sharedBy sharers: [AgentID]) throws -> AssignmentSet {
        var rates: [TargetID: Double] = [:]
        var assignments = try rows(
            """
            SELECT \(Check.columns), target.name, target.address, target.max_rate
            FROM check_definition JOIN target ON target.id = check_definition.target_id
            WHERE target.tenant = \(tenant) AND target.enabled = 1 AND check_definition.enabled = 1
            ORDER BY check_definition.id
            """
        ) { row in
            let check = try Check(row)
            if let rate: Double = try row[11] { rates[check.targetID] = rate }
            return Assignment(check: check, targetName: try row.text(9), address: try row.text(10))
        }
        assignments.share(rates, among: sharers.count)
        let revision = try count("SELECT value FROM counter WHERE name = 'revision'")
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
