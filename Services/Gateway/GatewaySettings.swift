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
    /// A SQLite file, or a PostgreSQL server.
    public var database: DatabaseLocation
    public var durability: SQLiteSettings.Durability
    /// How long to wait for another gateway to let go of the SQLite file, while whoever comes waits too.
    public var takeoverTimeout: Duration
    /// The administrator who is made when there is nobody yet.
    public var adminEmail: String
    /// Made up when left out, and written to `adminPasswordFile`.
    public var adminPassword: Secret?
    public var adminPasswordFile: String
    public var signUp: SignUpPolicy
    /// Who else may sign people in.
    public var provider: ProviderSettings?
    /// A file of passwords that nobody may have, one a line.
    public var passwordList: String?
    /// How long a key signs access tokens.
    public var keyInterval: Duration
    /// The folders of the page, and of the scripts of others that it uses.
    public var dashboard: String
    public var vendor: String
    /// The folder of the packages for hosts outside, as `scripts/deb.sh` fills it.
    public var packages: String?
    public var orchestrator: String
    public var store: String
    public var alerting: String
    public var push: String
    /// WebSockets passed through to push at once.
    public var maximumStreams: Int
    /// Names under which people reach the gateway; any, when empty.
    public var publicHosts: Set<String>
    /// Origins of other pages that may use the API, such as `https://tools.example`.
    public var crossOrigins: Set<String>
    /// Whose `x-forwarded-for` is believed.
    public var trustedProxies: [IPNetwork]
    /// The longest that a call may take.
    public var callTimeout: Duration
    public var limits: LimitSettings
    public var audit: AuditSettings

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("GATEWAY", from: environment)
        publicListen = try environment.address("GATEWAY_PUBLIC_LISTEN", default: "0.0.0.0:8080")
        certificateFile = environment.optionalString("GATEWAY_TLS_CERTIFICATE")
        keyFile = environment.optionalString("GATEWAY_TLS_KEY")
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw ConfigurationError("GATEWAY_TLS_CERTIFICATE and GATEWAY_TLS_KEY must be set together")
        }
        database = try environment.database("GATEWAY_DATABASE", default: "/var/lib/sonde/gateway.db")
        durability = try environment.choice("GATEWAY_DURABILITY", default: .full)
        takeoverTimeout = try environment.duration(
            "GATEWAY_TAKEOVER_TIMEOUT",
            default: .zero,
            in: .zero ... .seconds(900)
        )
        adminEmail = environment.string("GATEWAY_ADMIN_EMAIL", default: "admin@localhost")
        adminPassword = environment.secret("GATEWAY_ADMIN_PASSWORD")
        adminPasswordFile = environment.string(
            "GATEWAY_ADMIN_PASSWORD_FILE",
            default: Self.folder(of: database).appending(path: "admin-password").path()
        )
        signUp = try environment.choice("GATEWAY_SIGNUP", default: .invitation)
        provider = try ProviderSettings(from: environment)
        passwordList = environment.optionalString("GATEWAY_PASSWORD_LIST")
        keyInterval = try environment.duration(
            "GATEWAY_KEY_INTERVAL",
            default: .seconds(86_400),
            in: .seconds(3_600) ... .seconds(30 * 86_400)
        )
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let bundle = program.appending(path: "sonde_GatewayService.resources/Dashboard").path()
        dashboard = environment.string("GATEWAY_DASHBOARD", default: bundle)
        vendor = environment.string("GATEWAY_VENDOR", default: program.appending(path: "vendor").path())
        packages = environment.optionalString("GATEWAY_PACKAGES")
        if let packages, !FileManager.default.fileExists(atPath: packages) {
            throw ConfigurationError("GATEWAY_PACKAGES must be a folder, got \"\(packages)\"")
        }
        orchestrator = try environment.endpoint("ORCHESTRATOR_ENDPOINT", default: "orchestrator:8443")
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        alerting = try environment.endpoint("ALERTING_ENDPOINT", default: "alerting:8443")
        push = try environment.endpoint("PUSH_ENDPOINT", default: "push:8443")
        maximumStreams = try environment.integer("GATEWAY_MAX_STREAMS", default: 2_000, in: 1...100_000)
        publicHosts = Set(environment.list("GATEWAY_PUBLIC_HOSTS").map { $0.lowercased() })
        crossOrigins = Set(try environment.origins("GATEWAY_CORS_ORIGINS"))
        trustedProxies = try environment.networks("GATEWAY_TRUSTED_PROXIES")
        callTimeout = try environment.duration(
            "GATEWAY_CALL_TIMEOUT",
            default: .seconds(30),
            in: .milliseconds(100) ... .seconds(600)
        )
        limits = try LimitSettings(from: environment)
        audit = try AuditSettings(from: environment)
    }
}

extension GatewaySettings {
    /// Who may make an account.
    public enum SignUpPolicy: String, CaseIterable, Sendable {
        /// Whoever was invited to a tenant.
        case invitation
        /// Everyone, with a tenant of their own.
        case open
    }

    public var sqlite: SQLiteSettings { SQLiteSettings(durability: durability) }

    /// A schema of its own, so that services can share a database.
    public var postgres: PostgresSettings { PostgresSettings(schema: "gateway", name: "sonde gateway") }

    /// Where the SQLite file is; with a server, where it would be.
    private static func folder(of database: DatabaseLocation) -> URL {
        guard case .sqlite(let path) = database else { return URL(filePath: "/var/lib/sonde") }
        return URL(filePath: path).deletingLastPathComponent()
    }
}

extension Environment {
    /// Texts between commas.
    fileprivate func list(_ key: String) -> [String] {
        string(key, default: "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    fileprivate func networks(_ key: String) throws(ConfigurationError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for text in list(key) {
            guard let network = IPNetwork(text) else {
                throw ConfigurationError("\(key) must be networks such as 10.0.0.0/8 or fd00::/8, got \"\(text)\"")
            }
            networks.append(network)
        }
        return networks
    }

    /// Exact origins: a star would open the API to every page.
    fileprivate func origins(_ key: String) throws(ConfigurationError) -> [String] {
        let origins = list(key)
        for text in origins {
            let isOrigin = URL(string: text).map { url in
                ["http", "https"].contains(url.scheme) && url.host() != nil && url.path().isEmpty
                    && url.query() == nil && url.user() == nil && text == text.lowercased()
            }
            guard isOrigin == true, !text.contains("*") else {
                throw ConfigurationError("\(key) must be origins such as https://tools.example, got \"\(text)\"")
            }
        }
        return origins
    }
}
