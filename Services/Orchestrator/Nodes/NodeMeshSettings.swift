import Configuration
public import Contracts
public import Kubernetes

/// How agents probe each other, and what the cluster says of the machines that they are on.
public struct NodeMeshSettings: Sendable {
    /// Whether agents probe each other.
    public var isOn = false
    /// How many others an agent probes.
    public var peersEach = 3
    public var interval = Duration.seconds(5)
    /// Whose the targets are that stand for agents.
    public var tenant = TenantID.first
    /// The cluster whose nodes are watched; `nil`: none is.
    public var cluster: KubernetesCluster?

    init() {}

    /// Reads what a pod has of its cluster, where that is to be watched.
    init(from environment: Environment) throws(ConfigurationError) {
        isOn = try environment.boolean("ORCHESTRATOR_MESH", default: isOn)
        peersEach = try environment.integer("ORCHESTRATOR_MESH_PEERS", default: peersEach, in: 1...100)
        interval = try environment.duration(
            "ORCHESTRATOR_MESH_INTERVAL",
            default: interval,
            in: .milliseconds(500) ... .seconds(3_600)
        )
        tenant = try environment.tenant("ORCHESTRATOR_MESH_TENANT", default: tenant)
        guard try environment.boolean("ORCHESTRATOR_KUBERNETES", default: false) else { return }
        do {
            cluster = try KubernetesCluster(ofPod: environment)
        } catch {
            throw ConfigurationError("ORCHESTRATOR_KUBERNETES is true, but \(error.message)")
        }
    }
}

extension Environment {
    /// The id of a tenant: lowercase letters, digits and hyphens.
    func tenant(_ key: String, default fallback: TenantID) throws(ConfigurationError) -> TenantID {
        guard let text = optionalString(key) else { return fallback }
        guard let tenant = TenantID(checking: text) else {
            throw ConfigurationError("\(key) must be the id of a tenant, got \"\(text)\"")
        }
        return tenant
    }
}

extension TenantID {
    /// `nil` for a text that is no tenant's id.
    init?(checking text: String) {
        let isName =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
            }
        guard isName else { return nil }
        self.init(rawValue: text)
    }
}
