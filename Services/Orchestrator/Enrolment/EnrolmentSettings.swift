import Configuration
import JSONRPCTransport

/// What hosts that become agents are given.
public struct EnrolmentSettings: Sendable {
    /// Holds `agents.crt` and `agents.key`, an authority that vouches for enrolled agents alone.
    public var directory: String
    /// Where such hosts reach the orchestrator.
    public var orchestrator: String
    /// Where they reach the store.
    public var store: String

    /// `nil` without `ORCHESTRATOR_ENROLMENT_DIR`; with it, the two endpoints must be set.
    init?(from environment: Environment) throws(ConfigurationError) {
        guard let directory = environment.optionalString("ORCHESTRATOR_ENROLMENT_DIR") else { return nil }
        self.directory = directory
        orchestrator = try environment.endpoint("ORCHESTRATOR_PUBLIC_ENDPOINT", default: "")
        store = try environment.endpoint("STORE_PUBLIC_ENDPOINT", default: "")
    }
}
