public import Configuration
public import EventLoop
public import Observability

/// What every service of the mesh reads from its environment, by keys that begin with its name:
/// `STORE_LISTEN`, `STORE_ADMIN_LISTEN`, `STORE_IDENTITY_DIR`, `STORE_LOG_LEVEL`, `STORE_GRACE_PERIOD`.
public struct MeshSettings: Sendable {
    /// Where the mesh reaches this service.
    public var listen: SocketAddress
    /// Where `/healthz`, `/readyz` and `/metrics` are, without a certificate.
    public var adminListen: SocketAddress
    /// Holds `tls.crt`, `tls.key` and `ca.crt`.
    public var identityDirectory: String
    public var logLevel: Log.Level
    /// Where the keys that sign access tokens are asked for.
    public var gateway: String
    /// How long a stopping process may take to finish what is in flight.
    public var gracePeriod: Duration

    public init(_ prefix: String, from environment: Environment) throws(ConfigurationError) {
        listen = try environment.address("\(prefix)_LISTEN", default: "0.0.0.0:8443")
        adminListen = try environment.address("\(prefix)_ADMIN_LISTEN", default: "0.0.0.0:9090")
        identityDirectory = environment.string("\(prefix)_IDENTITY_DIR", default: "/etc/sonde/identity")
        logLevel = try environment.choice("\(prefix)_LOG_LEVEL", default: Log.Level.info)
        gateway = try environment.endpoint("GATEWAY_ENDPOINT", default: "gateway:8443")
        gracePeriod = try environment.duration(
            "\(prefix)_GRACE_PERIOD",
            default: .seconds(20),
            in: .zero ... .seconds(600)
        )
    }
}

extension Environment {
    /// An address with a port, such as `127.0.0.1:8443`; port 0 takes any that is free.
    public func address(_ key: String, default fallback: String) throws(ConfigurationError) -> SocketAddress {
        let text = string(key, default: fallback)
        guard let address = SocketAddress(text) else {
            throw ConfigurationError("\(key) must be an address and a port such as 127.0.0.1:8443, got \"\(text)\"")
        }
        return address
    }

    /// Where a peer is reached, as `host:port`; several, with commas between, are replicas of it.
    public func endpoint(_ key: String, default fallback: String) throws(ConfigurationError) -> String {
        let text = string(key, default: fallback)
        for endpoint in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = endpoint.lastIndex(of: ":"), colon > endpoint.startIndex,
                UInt16(endpoint[endpoint.index(after: colon)...]) != nil
            else { throw ConfigurationError("\(key) must be a host and a port such as store:8443, got \"\(text)\"") }
        }
        return text
    }
}
