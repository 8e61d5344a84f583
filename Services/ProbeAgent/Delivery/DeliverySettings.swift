public import Configuration

/// How an agent sends.
public struct DeliverySettings: Sendable {
    /// Batches of what has just come that are sent and not yet acknowledged.
    public var batchesInFlight: Int
    /// Rows a second of what was left behind.
    public var catchUpRows: Int

    public init(from environment: Environment) throws(ConfigurationError) {
        batchesInFlight = try environment.integer("PROBE_AGENT_BATCHES_IN_FLIGHT", default: 2, in: 1...16)
        catchUpRows = try environment.integer("PROBE_AGENT_CATCH_UP_ROWS", default: 5_000, in: 1...1_000_000)
    }
}
