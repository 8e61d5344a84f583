public import Configuration
public import Database
public import JSONRPCTransport

/// What the alerting service reads from its environment.
public struct AlertingSettings: Sendable {
    public var mesh: MeshSettings
    /// Where measurements come from.
    public var store: String
    /// Where is asked whether what fires is watched still.
    public var orchestrator: String
    /// How often that is asked, while anything fires.
    public var retirementInterval = Duration.seconds(5)
    /// How often the orchestrator is asked what is under maintenance.
    public var maintenanceInterval = Duration.seconds(2)
    /// A SQLite file, or a PostgreSQL server, on which several of alerting agree who leads.
    public var database: DatabaseLocation
    public var durability = SQLiteSettings.Durability.full
    /// How long a leader may be silent before another process takes its place.
    public var lease = Duration.seconds(10)
    public var limits = AlertingLimits()
    public var retries = RetryPolicy()
    /// Whether webhooks may go to this machine and to private networks; link-local and metadata addresses never.
    public var allowsPrivateWebhooks = true
    /// How long a webhook may take to answer.
    public var webhookTimeout = Duration.seconds(10)
    /// How long incidents are kept after their end.
    public var retention = Duration.seconds(90 * 86_400)

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("ALERTING", from: environment)
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        orchestrator = try environment.endpoint("ORCHESTRATOR_ENDPOINT", default: "orchestrator:8443")
        retirementInterval = try environment.duration(
            "ALERTING_RETIREMENT_INTERVAL",
            default: retirementInterval,
            in: .milliseconds(10) ... .seconds(3_600)
        )
        maintenanceInterval = try environment.duration(
            "ALERTING_MAINTENANCE_INTERVAL",
            default: maintenanceInterval,
            in: .milliseconds(10) ... .seconds(60)
        )
        database = try environment.database("ALERTING_DATABASE", default: "/var/lib/sonde/alerting.db")
        durability = try environment.choice("ALERTING_DURABILITY", default: durability)
        lease = try environment.duration("ALERTING_LEASE", default: lease, in: .seconds(1) ... .seconds(300))
        limits.rules = try environment.integer("ALERTING_MAX_RULES", default: limits.rules, in: 1...100_000)
        limits.receivers = try environment.integer("ALERTING_MAX_RECEIVERS", default: limits.receivers, in: 1...1_000)
        limits.streaks = try environment.integer("ALERTING_MAX_SERIES", default: limits.streaks, in: 1...10_000_000)
        limits.lateAfter = try environment.duration(
            "ALERTING_LATE_AFTER",
            default: limits.lateAfter,
            in: .seconds(1) ... .seconds(30 * 86_400)
        )
        allowsPrivateWebhooks = try environment.boolean(
            "ALERTING_WEBHOOK_ALLOW_PRIVATE",
            default: allowsPrivateWebhooks
        )
        webhookTimeout = try environment.duration(
            "ALERTING_WEBHOOK_TIMEOUT",
            default: webhookTimeout,
            in: .milliseconds(100) ... .seconds(300)
        )
        retries.first = try environment.duration(
            "ALERTING_RETRY_FIRST",
            default: retries.first,
            in: .milliseconds(1) ... .seconds(300)
        )
        retries.giveUpAfter = try environment.duration(
            "ALERTING_GIVE_UP_AFTER",
            default: retries.giveUpAfter,
            in: .seconds(86_400) ... .seconds(30 * 86_400)
        )
        retention = try environment.duration(
            "ALERTING_RETENTION",
            default: retention,
            in: .seconds(5 * 86_400) ... .seconds(3_650 * 86_400)
        )
    }

    public var sqlite: SQLiteSettings { SQLiteSettings(durability: durability) }

    /// A schema of its own, so that services can share a database.
    public var postgres: PostgresSettings {
        PostgresSettings(schema: "alerting", name: "sonde alerting", longestPause: lease / 4)
    }
}

/// How much there may be.
public struct AlertingLimits: Sendable {
    public var rules = 1_000
    public var receivers = 100
    /// Checks as agents see them, times the rules that cover them.
    public var streaks = 200_000
    /// How old a measurement may be that makes an incident.
    public var lateAfter = Duration.seconds(600)
    /// Webhooks under way at once, to one receiver and to all.
    public var webhooksPerReceiver = 2
    public var webhooks = 8

    public init() {}
}
