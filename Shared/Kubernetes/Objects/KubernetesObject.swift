/// An object of the API, of which only those fields are read that something here asks for.
public protocol KubernetesObject: Codable, Sendable {
    static var resource: KubernetesResource { get }
    var metadata: KubernetesMetadata { get }
}

/// A kind of objects, by the names that the API has for it.
public struct KubernetesResource: Sendable {
    /// Such as `v1` or `networking.k8s.io/v1`.
    public var apiVersion: String
    public var kind: String
    /// As it stands in a path.
    public var plural: String
    public var isNamespaced: Bool

    public init(_ apiVersion: String, _ kind: String, _ plural: String, isNamespaced: Bool = true) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// The path of all of them, of those of a namespace, or of one.
    func path(namespace: String? = nil, name: String? = nil) -> String {
        var path = (apiVersion.contains("/") ? "/apis/" : "/api/") + apiVersion
        if let namespace, isNamespaced { path += "/namespaces/\(namespace.asPathSegment)" }
        path += "/\(plural)"
        if let name { path += "/\(name.asPathSegment)" }
        return path
    }
}

/// What every object has (`meta/v1`).
public struct KubernetesMetadata: Codable, Sendable, Equatable {
    public var name: String
    public var namespace: String?
    public var uid: String?
    public var resourceVersion: String?
    public var labels: [String: String]?
    public var annotations: [String: String]?

    public init(name: String, namespace: String? = nil, labels: [String: String]? = nil) {
        self.name = name
        self.namespace = namespace
        self.labels = labels
    }

    public var key: KubernetesKey { KubernetesKey(namespace: namespace ?? "", name: name) }
}

/// What tells an object from the others of its kind.
public struct KubernetesKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for what is in no namespace.
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    public static func < (left: Self, right: Self) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// An object of which nothing is known but that it is there.
struct KubernetesHeader: Decodable {
    var metadata: KubernetesMetadata
}

extension String {
    /// Percent-encoded but for what a name may hold.
    var asPathSegment: String { percentEncoded(but: "-._~") }

    /// With every byte percent-encoded but letters, digits and `allowed`.
    func percentEncoded(but allowed: String) -> String {
        utf8.reduce(into: "") { text, byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte)
                    || allowed.utf8.contains(byte)
            {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
    }
}
