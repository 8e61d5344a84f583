public import Configuration
import Contracts
public import Egress
public import EventLoop
import Foundation
public import JSONRPCTransport

/// What a probe agent reads from its environment.
public struct ProbeAgentSettings: Sendable {
    public var mesh: MeshSettings
    public var orchestrator: String
    public var store: String
    /// The same name is the same agent, also after a restart.
    public var name: String
    /// What checks choose agents by.
    public var labels: [String: String]
    /// Where probes may go.
    public var policy: AddressPolicy
    /// Where to answer other agents' STAMP sessions (RFC 8762); `nil`: nowhere.
    public var reflector: SocketAddress?
    /// The machine of a cluster that it is on.
    public var node: String?
    /// Where other agents may probe it; `nil`: nowhere.
    public var address: IPAddress?
    /// DNS servers to ask for the names of targets in place of the system's.
    public var resolvers: [SocketAddress]
    /// Where the secrets are that checks name, each in a file of its own.
    public var secretsDirectory: String?
    /// A PEM file of the authorities that probes trust in place of the system's.
    public var authorityFile: String?
    /// Probes under way at once; more that are due wait.
    public var maximumConcurrency: Int
    public var spool: SpoolSettings
    public var delivery: DeliverySettings

    public init(from environment: Environment) throws(ConfigurationError) {
        mesh = try MeshSettings("PROBE_AGENT", from: environment)
        orchestrator = try environment.endpoint("ORCHESTRATOR_ENDPOINT", default: "orchestrator:8443")
        store = try environment.endpoint("STORE_ENDPOINT", default: "store:8443")
        node = environment.optionalString("PROBE_AGENT_NODE")
        name = environment.string("PROBE_AGENT_NAME", default: node ?? ProcessInfo.processInfo.hostName)
        address = try environment.hostAddress("PROBE_AGENT_ADDRESS")
        labels = try environment.labels("PROBE_AGENT_LABELS")
        policy = try environment.addressPolicy("PROBE_AGENT_ALLOWED_NETWORKS", default: .remote)
        policy.denied = try environment.networks("PROBE_AGENT_DENIED_NETWORKS")
        reflector = try environment.reflector("PROBE_AGENT_REFLECTOR")
        resolvers = try environment.resolvers("PROBE_AGENT_RESOLVERS")
        secretsDirectory = environment.optionalString("PROBE_AGENT_SECRETS")
        authorityFile = environment.optionalString("PROBE_AGENT_AUTHORITIES")
        maximumConcurrency = try environment.integer("PROBE_AGENT_MAX_PROBES", default: 512, in: 1...100_000)
        spool = try SpoolSettings(from: environment)
        delivery = try DeliverySettings(from: environment)
    }
}

extension ProbeAgentSettings {
    /// Where others may probe this agent: its reflector, and its admin port, which takes connections from anywhere
    /// unless it listens on loopback alone.
    var reach: AgentReach? {
        guard let address else { return nil }
        let admin = mesh.adminListen
        let isOpen = admin.port > 0 && (admin.address != .loopback || address == .loopback)
        return AgentReach(
            address: address.description,
            stampPort: reflector.flatMap { $0.port > 0 ? Int($0.port) : nil },
            tcpPort: isOpen ? Int(admin.port) : nil
        )
    }
}

extension Environment {
    /// Labels such as `zone=north,rack=12`; of two with one key the last counts.
    fileprivate func labels(_ key: String) throws(ConfigurationError) -> [String: String] {
        let pairs = try list(key, of: "labels, each key=value") { word -> (String, String)? in
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return nil }
            return (String(word[..<equals]), String(word[equals...].dropFirst()))
        }
        return Dictionary(pairs) { $1 }
    }

    /// Addresses with or without ports, such as `192.0.2.53,[2001:db8::53]:5353`.
    fileprivate func resolvers(_ key: String) throws(ConfigurationError) -> [SocketAddress] {
        try list(key, of: "addresses") { word in
            SocketAddress(word) ?? IPAddress(word).map { SocketAddress($0, port: 53) }
        }
    }

    /// One address without a port.
    fileprivate func hostAddress(_ key: String) throws(ConfigurationError) -> IPAddress? {
        guard let text = optionalString(key) else { return nil }
        guard let address = IPAddress(text) else {
            throw ConfigurationError("\(key) must be an IP address; got \"\(text)\"")
        }
        return address
    }

    /// One address with a port.
    fileprivate func reflector(_ key: String) throws(ConfigurationError) -> SocketAddress? {
        guard let text = optionalString(key) else { return nil }
        guard let address = SocketAddress(text) else {
            throw ConfigurationError("\(key) must be an address with a port; got \"\(text)\"")
        }
        return address
    }

    /// Networks such as `10.96.0.0/12,fd00:10:96::/112`, and addresses.
    fileprivate func networks(_ key: String) throws(ConfigurationError) -> [IPNetwork] {
        try list(key, of: "networks", IPNetwork.init)
    }

    /// Words between commas; empty when the key is missing.
    fileprivate func list<Element>(
        _ key: String,
        of what: String,
        _ element: (String) -> Element?
    ) throws(ConfigurationError) -> [Element] {
        var elements: [Element] = []
        for word in (optionalString(key) ?? "").split(separator: ",") {
            let word = word.trimmingCharacters(in: .whitespaces)
            guard let value = element(word) else {
                throw ConfigurationError("\(key) must be a list of \(what); got \"\(word)\"")
            }
            elements.append(value)
        }
        return elements
    }

    /// The kinds of network that may be reached, such as `global,private,loopback`.
    func addressPolicy(_ key: String, default fallback: AddressPolicy) throws(ConfigurationError) -> AddressPolicy {
        guard let text = optionalString(key) else { return fallback }
        var policy = AddressPolicy(allowed: [])
        for word in text.split(separator: ",") {
            let word = word.trimmingCharacters(in: .whitespaces)
            guard let kind = AddressClass(rawValue: word) else {
                let words = AddressClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationError("\(key) must be a list of \(words); got \"\(word)\"")
            }
            policy.allowed.insert(kind)
        }
        return policy
    }
}
