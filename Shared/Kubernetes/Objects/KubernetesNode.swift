/// A machine of the cluster.
public struct KubernetesNode: KubernetesObject {
    public static let resource = KubernetesResource("v1", "Node", "nodes", isNamespaced: false)

    public struct Spec: Codable, Sendable {
        /// It was cordoned: nothing new is placed on it, and it may be about to be drained.
        public var unschedulable: Bool?
    }

    public struct Condition: Codable, Sendable {
        public var type: String
        /// `True`, `False` or `Unknown`.
        public var status: String
    }

    public struct Status: Codable, Sendable {
        public var conditions: [Condition]?
    }

    public var metadata: KubernetesMetadata
    public var spec: Spec?
    public var status: Status?

    public init(metadata: KubernetesMetadata, spec: Spec? = nil, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    public var isCordoned: Bool { spec?.unschedulable == true }
}
