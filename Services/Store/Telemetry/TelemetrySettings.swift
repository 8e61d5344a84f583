public import Configuration
import Egress
import Foundation

/// Who is told outside of what was measured; nobody unless it is asked for.
public struct TelemetrySettings: Sendable {
    /// Somebody that is sent to.
    public struct Destination: Sendable {
        public var url: String
        /// What the header `Authorization` has.
        public var authorization: Secret?
        public var interval = Duration.seconds(60)

        public init(url: String) { self.url = url }
    }

    /// What the measurements are known as outside.
    static let job = "sonde-store"
    private static let otlpPath = "/v1/metrics"

    /// Whether the page of metrics has lines of measurements.
    public var showsMeasurements = false
    public var remoteWrite: Destination?
    public var otlp: Destination?
    /// Time series of measurements, of all that is shown or sent at a time.
    public var series = 5_000
    /// What tells this store from others, as a label.
    public var instance = ProcessInfo.processInfo.hostName
    public var limits = TelemetryLimits()

    public init() {}

    init(from environment: Environment) throws(ConfigurationError) {
        showsMeasurements = try environment.boolean("STORE_METRICS_MEASUREMENTS", default: showsMeasurements)
        series = try environment.integer("STORE_METRICS_SERIES", default: series, in: 200...1_000_000)
        instance = environment.string("STORE_METRICS_INSTANCE", default: instance)
        remoteWrite = try Self.destination("STORE_REMOTE_WRITE", from: environment)
        otlp = try Self.destination("STORE_OTLP", from: environment)
        if let url = otlp?.url, !url.hasSuffix(Self.otlpPath) {
            otlp?.url = (url.hasSuffix("/") ? String(url.dropLast()) : url) + Self.otlpPath
        }
    }

    /// Whether anybody is told.
    var isOn: Bool { showsMeasurements || remoteWrite != nil || otlp != nil }

    private static func destination(
        _ prefix: String,
        from environment: Environment
    ) throws(ConfigurationError) -> Destination? {
        guard let url = environment.optionalString("\(prefix)_URL") else { return nil }
        do throws(EgressError) {
            _ = try EgressURL(url)
        } catch {
            throw ConfigurationError("\(prefix)_URL: \(error.message)")
        }
        var destination = Destination(url: url)
        destination.authorization = try authorization(prefix, from: environment)
        destination.interval = try environment.duration(
            "\(prefix)_INTERVAL",
            default: destination.interval,
            in: .seconds(5) ... .seconds(600)
        )
        return destination
    }

    /// A token, or a user and a password.
    private static func authorization(
        _ prefix: String,
        from environment: Environment
    ) throws(ConfigurationError) -> Secret? {
        let token = try environment.secretOrFile("\(prefix)_TOKEN")
        let user = environment.optionalString("\(prefix)_USER")
        let password = try environment.secretOrFile("\(prefix)_PASSWORD")
        guard (user == nil) == (password == nil) else {
            throw ConfigurationError("\(prefix)_USER and \(prefix)_PASSWORD belong together")
        }
        let value: String
        switch (token, user, password) {
        case (let token?, nil, nil): value = "Bearer \(token.exposed)"
        case (nil, let user?, let password?):
            guard !user.contains(":") else { throw ConfigurationError("\(prefix)_USER must have no colon") }
            value = "Basic \(Data("\(user):\(password.exposed)".utf8).base64EncodedString())"
        case (nil, nil, nil): return nil
        default: throw ConfigurationError("\(prefix)_TOKEN and \(prefix)_USER are both set")
        }
        guard value.utf8.allSatisfy({ (32..<127).contains($0) }) else {
            throw ConfigurationError("\(prefix)_TOKEN has a character that no header can have")
        }
        return Secret(value)
    }
}

/// What sending may cost.
public struct TelemetryLimits: Sendable {
    /// Series or data points of one request.
    public var requestSeries = 2_000
    /// For one request, and its answer.
    public var timeout = Duration.seconds(20)
    /// How old a sample becomes before it is given up.
    public var age = Duration.seconds(600)
    /// Bytes of requests that wait for each destination; the oldest go first.
    public var backlogBytes = 16 << 20
    /// The bound of the first wait before a request is sent again, and that of all; each is twice the one before.
    public var firstWait = Duration.seconds(1)
    public var lastWait = Duration.seconds(60)

    public init() {}
}
