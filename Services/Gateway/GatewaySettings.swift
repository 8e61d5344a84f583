public import Configuration
public import Database
public import EventLoop
import Foundation
public import JSONRPCTransport

/// What a gateway reads from its environment.
public struct GatewaySettings: Sendable {
    public var mesh: MeshSettings
    /// Where people and programs reach the page and the API.
    public var publicListen: SocketAddress
    /// PEM files for TLS on the public port; without them it speaks plain HTTP.
    public var certificateFile: String?
    public var keyFile: String?
    /// Path of the SQLite file.
    public var database: String
    public var durability: SQLiteSettings.Durability
    /// The administrator who is made when there is nobody yet.
    public var adminEmail: String
    /// Made up when left out, and written to `adminPasswordFile`.
    public var adminPassword: Secret?
    public var adminPasswordFile: String
    /// The folders of the page, and of the scripts of others that it uses.
    public var dashboard: String
    public var vendor: String
    public var orchestrator: String
    public var store: String
    public var alerting: String
    public var push: String
    /// WebSockets passed through to push at once.
    public var maximumStreams: Int

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("GATEWAY", from: environment)
        publicListen = try environment.address("GATEWAY_PUBLIC_LISTEN", default: "0.0.0.0:8080")
        certificateFile = environment.optionalString("GATEWAY_TLS_CERTIFICATE")
        keyFile = environment.optionalString("GATEWAY_TLS_KEY")
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw ConfigurationError("GATEWAY_TLS_CERTIFICATE and GATEWAY_TLS_KEY must be set together")
        }
        let database = environment.string("GATEWAY_DATABASE", default: "/var/lib/sonde/gateway.db")
        self.database = database
        durability = try environment.choice("GATEWAY_DURABILITY", default: .full)
        adminEmail = environment.string("GATEWAY_ADMIN_EMAIL", default: "admin@localhost")
        adminPassword = environment.secret("GATEWAY_ADMIN_PASSWORD")
        adminPasswordFile = environment.string(
            "GATEWAY_ADMIN_PASSWORD_FILE",
            default: URL(filePath: database).deletingLastPathComponent().appending(path: "admin-password").path()
        )
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let bundle = program.appending(path: "sonde_GatewayService.resources/Dashboard").path()
        dashboard = environment.string("GATEWAY_DASHBOARD", default: bundle)
        vendor = environment.string("GATEWAY_VENDOR", default: program.appending(path: "vendor").path())
        orchestrator = try environment.endpoint("ORCHESTRATOR_ENDPOINT", default: "orchestrator:8443")
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        alerting = try environment.endpoint("ALERTING_ENDPOINT", default: "alerting:8443")
        push = try environment.endpoint("PUSH_ENDPOINT", default: "push:8443")
        maximumStreams = try environment.integer("GATEWAY_MAX_STREAMS", default: 2_000, in: 1...100_000)
    }
}
