import Configuration
public import Contracts

/// Which objects of a cluster become targets, and whose.
public struct DiscoverySettings: Sendable {
    public var isOn = false
    /// Whose targets those are of namespaces that `tenants` does not name.
    public var tenant = TenantID.first
    /// The tenants that a namespace may name, its own first.
    public var tenants: [String: [TenantID]] = [:]
    /// The domains in which Ingresses may have their hosts; any when empty.
    public var domains: [String] = []
    /// The domain of the cluster's own names.
    public var clusterDomain = "cluster.local"
    /// How many agents probe each.
    public var agents = 2
    /// How many there may be in all.
    public var maximumTargets = 1_000

    init() {}

    init(from environment: Environment, inCluster: Bool) throws(ConfigurationError) {
        isOn = try environment.boolean("ORCHESTRATOR_DISCOVERY", default: isOn)
        guard !isOn || inCluster else {
            throw ConfigurationError("ORCHESTRATOR_DISCOVERY needs a cluster: set ORCHESTRATOR_KUBERNETES=true")
        }
        tenant = try environment.tenant("ORCHESTRATOR_DISCOVERY_TENANT", default: tenant)
        tenants = try environment.namespaces("ORCHESTRATOR_DISCOVERY_TENANTS")
        domains = try environment.domains("ORCHESTRATOR_DISCOVERY_DOMAINS")
        clusterDomain = environment.string("ORCHESTRATOR_CLUSTER_DOMAIN", default: clusterDomain)
        guard isHostName(clusterDomain) else {
            throw ConfigurationError("ORCHESTRATOR_CLUSTER_DOMAIN must be a domain, got \"\(clusterDomain)\"")
        }
        agents = try environment.integer("ORCHESTRATOR_DISCOVERY_AGENTS", default: agents, in: 1...100)
        maximumTargets = try environment.integer(
            "ORCHESTRATOR_DISCOVERY_MAX_TARGETS",
            default: maximumTargets,
            in: 1...100_000
        )
    }
}

extension Environment {
    /// Pairs such as `team-a=blue,team-a=green,team-b=red`.
    fileprivate func namespaces(_ key: String) throws(ConfigurationError) -> [String: [TenantID]] {
        var tenants: [String: [TenantID]] = [:]
        for word in (optionalString(key) ?? "").split(separator: ",") {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false).map {
                $0.trimmingPrefix { $0 == " " }
            }
            guard parts.count == 2, !parts[0].isEmpty, let tenant = TenantID(checking: String(parts[1])) else {
                throw ConfigurationError("\(key) must be a list of namespace=tenant, got \"\(word)\"")
            }
            tenants[String(parts[0]), default: []].append(tenant)
        }
        return tenants
    }

    /// Domains such as `example.org,apps.example.net`.
    fileprivate func domains(_ key: String) throws(ConfigurationError) -> [String] {
        var domains: [String] = []
        for word in (optionalString(key) ?? "").split(separator: ",") {
            let domain = word.trimmingPrefix { $0 == " " }.lowercased()
            guard isHostName(domain) else {
                throw ConfigurationError("\(key) must be a list of domains, got \"\(word)\"")
            }
            domains.append(domain)
        }
        return domains
    }
}
