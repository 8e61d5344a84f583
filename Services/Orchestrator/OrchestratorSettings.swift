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
    /// A SQLite file, or a PostgreSQL server, on which several orchestrators agree who leads.
    public var database: DatabaseLocation
    public var durability = SQLiteSettings.Durability.full
    /// How long a leader may be silent before another orchestrator takes its place.
    public var lease = Duration.seconds(10)
    public var inventory = Inventory.Limits()
    /// How often agents are to say that they are alive; three times as long without makes one offline.
    public var heartbeat = Duration.seconds(5)
    /// How hosts outside the cluster become agents; they do not, without.
    public var enrolment: EnrolmentSettings?
    /// How agents probe each other, and which cluster they are in.
    public var nodes = NodeMeshSettings()
    /// Which objects of the cluster become targets.
    public var discovery = DiscoverySettings()
    /// The gateway's own health page, watched by default when set.
    public var gatewayURL: String?

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("ORCHESTRATOR", from: environment)
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        alerting = try environment.endpoint("ALERTING_ENDPOINT", default: "alerting:8443")
        database = try environment.database("ORCHESTRATOR_DATABASE", default: "/var/lib/sonde/orchestrator.db")
        durability = try environment.choice("ORCHESTRATOR_DURABILITY", default: durability)
        lease = try environment.duration("ORCHESTRATOR_LEASE", default: lease, in: .seconds(1) ... .seconds(300))
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
        try readBudgets(from: environment)
        nodes = try NodeMeshSettings(from: environment)
        discovery = try DiscoverySettings(from: environment, inCluster: nodes.cluster != nil)
        enrolment = try EnrolmentSettings(from: environment)
        gatewayURL = environment.optionalString("ORCHESTRATOR_GATEWAY_URL")
        if let gatewayURL, !isWebURL(gatewayURL) {
            throw ConfigurationError("ORCHESTRATOR_GATEWAY_URL must be an http or https URL, got \"\(gatewayURL)\"")
        }
    }

    public var sqlite: SQLiteSettings { SQLiteSettings(durability: durability) }

    /// A schema of its own, so that services can share a database.
    public var postgres: PostgresSettings {
        PostgresSettings(schema: "orchestrator", name: "sonde orchestrator", longestPause: lease / 4)
    }

    private mutating func readBudgets(from environment: Environment) throws(ConfigurationError) {
        let range = 1...1_000_000_000
        inventory.probesPerSecondOfTenant = try environment.integer(
            "ORCHESTRATOR_MAX_PROBES_PER_SECOND_TENANT",
            default: inventory.probesPerSecondOfTenant,
            in: range
        )
        inventory.probesPerSecondOfTarget = try environment.integer(
            "ORCHESTRATOR_MAX_PROBES_PER_SECOND_TARGET",
            default: inventory.probesPerSecondOfTarget,
            in: range
        )
        inventory.probesPerSecondOfAgent = try environment.integer(
            "ORCHESTRATOR_MAX_PROBES_PER_SECOND_AGENT",
            default: inventory.probesPerSecondOfAgent,
            in: range
        )
    }
}
