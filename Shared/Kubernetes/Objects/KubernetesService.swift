/// A name and ports for a set of pods.
public struct KubernetesService: KubernetesObject {
    public static let resource = KubernetesResource("v1", "Service", "services")

    public struct Port: Codable, Sendable {
        public var name: String?
        public var port: Int
        /// `TCP`, `UDP` or `SCTP`; `TCP` when it is left out.
        public var `protocol`: String?
    }

    public struct Spec: Codable, Sendable {
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        public var type: String?
        public var ports: [Port]?
    }

    public var metadata: KubernetesMetadata
    public var spec: Spec?

    public init(metadata: KubernetesMetadata, spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}
