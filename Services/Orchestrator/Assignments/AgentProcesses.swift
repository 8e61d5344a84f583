import Contracts
import JSONRPC
import Lifecycle
import Synchronization

/// Knows which process runs the checks of each agent, and tells it when another one takes its place.
///
/// So a new process of an agent begins in the instant in which the old one ends, and no slot is missed or run twice by
/// an upgrade.
final class AgentProcesses: Sendable {
    /// Where a process stands that follows an agent's assignments.
    struct Place: Sendable {
        fileprivate let agent: AgentID
        fileprivate let process: AgentProcessID
        /// Tells this stream from others of the same process.
        fileprivate let number: Int
        fileprivate let isTaken = Latest(false)

        /// Returns when another stream has taken this place; `true` when that is of another process.
        func untilTaken() async throws -> Bool { try await isTaken.next(after: 0)?.value ?? false }
    }

    private struct State {
        var places: [AgentID: Place] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    /// Gives a process its place, for as long as nobody else asks for it; `nil` for one that does not say who it is.
    ///
    /// Throws `displaced` for one that stands by while another one follows; `isAlive` is whether the agent was heard of
    /// lately, since a stream may be left over of a process that is gone.
    func enter(_ request: AssignmentRequest, isAlive: Bool) throws(RPCError) -> Place? {
        guard let process = request.process else { return nil }
        let (place, old) = state.withLock { state -> (Place?, Place?) in
            let old = state.places[request.id]
            if let old, old.process != process, request.standsBy ?? false, isAlive { return (nil, nil) }
            state.count += 1
            let place = Place(agent: request.id, process: process, number: state.count)
            state.places[request.id] = place
            return (place, old)
        }
        guard let place else { throw .displaced }
        if let old { old.isTaken.update(old.process != process) }
        return place
    }

    func leave(_ place: Place) {
        state.withLock { state in
            if state.places[place.agent]?.number == place.number { state.places[place.agent] = nil }
        }
    }
}
