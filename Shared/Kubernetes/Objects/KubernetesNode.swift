/// A machine of the cluster.
public struct KubernetesNode: KubernetesObject {
    public static let resource = KubernetesResource("v1", "Node", "nodes", isNamespaced: false)

    public struct Spec: Codable, Sendable {
        /// It was cordoned: nothing new is placed on it, and it may be about to be drained.
        public var unschedulable: Bool?
    }

    public var metadata: KubernetesMetadata
    public var spec: Spec?

    public init(metadata: KubernetesMetadata, spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }

    public var isCordoned: Bool { spec?.unschedulable == true }
}
