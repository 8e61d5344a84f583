import Contracts
import Observability

/// What an agent was last told to run, and who it is.
struct KnownAssignments: Codable, Equatable, Sendable {
    var agentID: AgentID
    var set: AssignmentSet
}

extension Spool {
    private static let assignmentsFile = SealedFile<KnownAssignments>(
        name: "assignments",
        title: "sonde-assignments-1"
    )

    /// The last assignments that were kept; a damaged file is set aside, and as good as none.
    func assignments() -> KnownAssignments? {
        guard let folder else { return nil }
        var known: KnownAssignments?
        attempt {
            switch try Self.assignmentsFile.read(in: folder) {
            case .nothing: return
            case .value(let value): known = value
            case .damaged(let file): log.error("the last assignments are damaged and set aside", ["file": file])
            }
        }
        return known
    }

    func keep(_ assignments: KnownAssignments) {
        guard let folder else { return }
        attempt { try Self.assignmentsFile.write(assignments, in: folder) }
    }
}
