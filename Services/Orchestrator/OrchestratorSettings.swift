public import Configuration
public import Database
public import JSONRPCTransport

/// What an orchestrator reads from its environment.
public struct OrchestratorSettings: Sendable {
    public var mesh: MeshSettings
    /// Where the store listens: a host and a port.
    public var store: String
    /// Where alerting does.
    public var alerting: String
    /// Path of the SQLite file.
    public var database = "/var/lib/sonde/orchestrator.db"
    public var durability = SQLiteSettings.Durability.full
    public var inventory = Inventory.Limits()
    /// How often agents are to say that they are alive; three times as long without makes one offline.
    public var heartbeat = Duration.seconds(5)
    /// The gateway's own health page, watched by default when set.
    public var gatewayURL: String?

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("ORCHESTRATOR", from: environment)
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        alerting = try environment.endpoint("ALERTING_ENDPOINT", default: "alerting:8443")
        database = environment.string("ORCHESTRATOR_DATABASE", default: database)
        durability = try environment.choice("ORCHESTRATOR_DURABILITY", default: durability)
        heartbeat = try environment.duration(
            "ORCHESTRATOR_HEARTBEAT",
            default: heartbeat,
            in: .milliseconds(100) ... .seconds(600)
        )
        inventory.targets = try environment.integer(
            "ORCHESTRATOR_MAX_TARGETS",
            default: inventory.targets,
            in: 1...1_000_000
        )
        inventory.checksPerTarget = try environment.integer(
            "ORCHESTRATOR_MAX_CHECKS_PER_TARGET",
            default: inventory.checksPerTarget,
            in: 1...1_000
        )
        inventory.agents = try environment.integer(
            "ORCHESTRATOR_MAX_AGENTS",
            default: inventory.agents,
            in: 1...100_000
        )
        gatewayURL = environment.optionalString("ORCHESTRATOR_GATEWAY_URL")
        if let gatewayURL, !isWebURL(gatewayURL) {
            throw ConfigurationError("ORCHESTRATOR_GATEWAY_URL must be an http or https URL, got \"\(gatewayURL)\"")
        }
    }
}
