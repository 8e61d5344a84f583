import Configuration

/// How long the audit log is kept, and how much of it may wait to be written.
public struct AuditSettings: Sendable {
    var retention = Duration.seconds(365 * 86_400)
    var maximumWaiting = 10_000

    public init() {}

    init(from environment: Environment) throws(ConfigurationError) {
        retention = try environment.duration(
            "GATEWAY_AUDIT_RETENTION",
            default: retention,
            in: .seconds(2 * 86_400)...(.seconds(36_500 * 86_400))
        )
        maximumWaiting = try environment.integer("GATEWAY_AUDIT_QUEUE", default: 10_000, in: 1...1_000_000)
    }
}
