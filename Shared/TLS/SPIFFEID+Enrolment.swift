/// Agents that were enrolled by hand, outside the cluster: `spiffe://<trust domain>/ns/enrolled-<enrolment>/sa/probe-agent`.
extension SPIFFEID {
    static let agentService = "probe-agent"
    private static let enrolledPrefix = "enrolled-"

    /// The identity of the agent that used an enrolment.
    public init(trustDomain: String, enrolment: String) {
        self.init(trustDomain: trustDomain, namespace: Self.enrolledPrefix + enrolment, service: Self.agentService)
    }

    /// Which enrolment it came by; `nil` for who was not enrolled.
    public var enrolment: String? {
        guard service == Self.agentService, isEnrolled else { return nil }
        return namespace.map { String($0.dropFirst(Self.enrolledPrefix.count)) }
    }

    /// Whether its namespace is one of those that are kept for enrolled agents.
    var isEnrolled: Bool { namespace?.hasPrefix(Self.enrolledPrefix) == true }
}
