public import Configuration

/// How an agent keeps its measurements until the store has them.
public struct SpoolSettings: Sendable {
    /// What a measurement that counts as kept survives.
    public enum Durability: String, CaseIterable, Sendable {
        /// The end of the process, however sudden: written, and in the hands of the system.
        case process
        /// The end of the machine's power too: on the disk.
        case power
    }

    /// The folder of this one agent.
    public var path: String
    public var durability: Durability
    /// Of all measurements on disk.
    public var bytes: Int
    /// Memory for measurements that are not on disk yet.
    public var queueBytes: Int
    /// How long is waited for room before the oldest measurements go.
    public var wait: Duration
    /// Measurements sent at once.
    public var batchRows: Int

    public init(from environment: Environment) throws(ConfigurationError) {
        path = environment.string("PROBE_AGENT_DATA", default: "/var/lib/sonde/agent")
        durability = try environment.choice("PROBE_AGENT_DURABILITY", default: .process)
        bytes = try environment.integer("PROBE_AGENT_SPOOL_BYTES", default: 2 << 30, in: 1 << 20...1 << 42)
        queueBytes = try environment.integer("PROBE_AGENT_QUEUE_BYTES", default: 16 << 20, in: 65_536...1 << 36)
        wait = try environment.duration(
            "PROBE_AGENT_SPOOL_WAIT",
            default: .seconds(2),
            in: .zero ... .seconds(60)
        )
        batchRows = try environment.integer("PROBE_AGENT_BATCH_ROWS", default: 1_000, in: 1...1_500)
    }
}
