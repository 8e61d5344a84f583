public import Configuration
public import JSONRPCTransport

/// What push reads from its environment.
public struct PushSettings: Sendable {
    public var mesh: MeshSettings
    public var store: String
    /// Bytes of the newest events that are kept for clients that come back or fall behind.
    public var historyBytes: Int
    /// WebSockets open at once.
    public var maximumClients: Int

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("PUSH", from: environment)
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        historyBytes = try environment.integer("PUSH_HISTORY_BYTES", default: 16 << 20, in: 65_536...1 << 30)
        maximumClients = try environment.integer("PUSH_MAX_CLIENTS", default: 2_000, in: 1...100_000)
    }
}
