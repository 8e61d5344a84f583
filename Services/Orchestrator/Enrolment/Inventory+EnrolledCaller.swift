import Contracts
import Database
import JSONRPC
import Tokens

extension Inventory {
    /// Throws `permissionDenied` for an enrolled caller whose enrolment is deleted, or that is another agent than `id`.
    func requireCaller(_ caller: EnrolledCaller?, isAgent id: AgentID) async throws {
        guard let caller else { return }
        try await read { connection in
            let enrolment = try connection.enrolment(of: caller)
            // One that is not known is told to register, which is asked for the name then.
            let name: String? = try connection.value("SELECT name FROM agent WHERE id = \(id.rawValue)")
            guard name ?? enrolment.name == enrolment.name else {
                throw RPCError(.permissionDenied, "the caller was not enrolled as agent \(id)")
            }
        }
    }
}

extension DatabaseConnection {
    /// Throws `permissionDenied` when it is deleted.
    func enrolment(of caller: EnrolledCaller) throws -> Enrolment {
        guard let enrolment = try enrolment(caller.enrolment) else {
            throw RPCError(.permissionDenied, "the enrolment \(caller.enrolment) is deleted; enrol the host again")
        }
        return enrolment
    }

    /// What an enrolled agent may say of itself: its enrolment's name, and its labels where they do not contradict.
    func checked(_ registration: AgentRegistration, of caller: EnrolledCaller) throws -> AgentRegistration {
        let enrolment = try enrolment(of: caller)
        guard registration.name == enrolment.name else {
            throw RPCError(
                .permissionDenied,
                "the caller was enrolled as \"\(enrolment.name)\", set PROBE_AGENT_NAME to that"
            )
        }
        var registration = registration
        registration.labels.merge(enrolment.labels) { $1 }
        // Nor may a host outside say that it is a node of the cluster, or have all others probe an address.
        registration.node = nil
        registration.reachable = nil
        return registration
    }
}
