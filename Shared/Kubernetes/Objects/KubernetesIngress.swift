/// Names under which services are reached from outside.
public struct KubernetesIngress: KubernetesObject {
    public static let resource = KubernetesResource("networking.k8s.io/v1", "Ingress", "ingresses")

    public struct Rule: Codable, Sendable {
        public var host: String?
    }

    public struct TLS: Codable, Sendable {
        public var hosts: [String]?
    }

    public struct Spec: Codable, Sendable {
        public var rules: [Rule]?
        public var tls: [TLS]?
    }

    public var metadata: KubernetesMetadata
    public var spec: Spec?

    public init(metadata: KubernetesMetadata, spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }
}
