import JSON

/// One page of a list.
struct KubernetesPage<Object: KubernetesObject>: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String?
        var `continue`: String?
    }

    var metadata: Metadata
    var items: [Readable<Object>]?
}

/// A list as it was at one moment.
public struct KubernetesList<Object: KubernetesObject>: Sendable {
    public var objects: [Object] = []
    /// From where on a watch tells what has changed.
    public var resourceVersion = ""
    /// Objects that are not as they must be, with why.
    public var unreadable: [KubernetesKey: String] = [:]
}

/// An object, or what is known of one that cannot be read: one wrong object must not hide the others.
enum Readable<Object: KubernetesObject>: Decodable, Sendable {
    case object(Object)
    case unreadable(KubernetesMetadata, String)

    init(from decoder: any Decoder) throws {
        do {
            self = .object(try Object(from: decoder))
        } catch {
            self = .unreadable(try KubernetesHeader(from: decoder).metadata, "\(error)")
        }
    }
}

/// An object that has nothing but the version up to which a watch has told everything.
private struct KubernetesBookmark: Decodable {
    struct Metadata: Decodable {
        var resourceVersion: String
    }

    var metadata: Metadata
}

/// One line of a watch.
enum KubernetesEvent<Object: KubernetesObject>: Decodable, Sendable {
    /// It is there, or has changed.
    case present(Readable<Object>)
    case removed(KubernetesMetadata)
    /// Nothing has changed up to this version.
    case bookmark(String)

    private enum CodingKeys: String, CodingKey {
        case type, object
    }

    init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        switch try line.decode(String.self, forKey: .type) {
        case "ADDED", "MODIFIED": self = .present(try line.decode(Readable<Object>.self, forKey: .object))
        case "DELETED": self = .removed(try line.decode(KubernetesHeader.self, forKey: .object).metadata)
        case "BOOKMARK":
            self = .bookmark(try line.decode(KubernetesBookmark.self, forKey: .object).metadata.resourceVersion)
        case "ERROR":
            let status = try line.decode(KubernetesStatus.self, forKey: .object)
            let pause = status.details?.retryAfterSeconds.map { Duration.seconds(max(0, min($0, 3_600))) }
            throw KubernetesError(status: status.code ?? 500, status, retryAfter: pause)
        case let type:
            throw KubernetesError(.protocolViolation, "a watch has no event \"\(type)\"")
        }
    }
}
