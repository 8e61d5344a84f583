import JSON

/// The objects of a cluster with their versions, and what has happened to them, as etcd keeps it for the API's server.
public struct KubernetesStore: Sendable {
    /// What stands between `/api` or `/apis` and an object: `v1/nodes`, `networking.k8s.io/v1/ingresses`.
    public typealias Collection = String

    struct Event: Sendable {
        /// Its place in the history.
        var number: Int
        var version: Int
        /// `nil` for a bookmark, which is for all.
        var collection: Collection?
        var namespace: String
        var type: String
        var object: JSONValue
    }

    /// What a watch that began after `version`, and has told up to event `number`, is to tell.
    func events(
        _ collection: Collection,
        _ namespace: String,
        after version: Int,
        _ number: Int,
        withBookmarks: Bool
    ) -> [Event] {
        history.filter { event in
            guard event.number > number else { return false }
            guard let concerned = event.collection else { return withBookmarks && event.version >= version }
            return concerned == collection && event.version > version
                && (namespace.isEmpty || event.namespace == namespace)
        }
    }

    public enum Failure: Error {
        case notFound, exists, conflict, invalid(String)
    }

    static let kinds: [Collection: (kind: String, apiVersion: String)] = [
        "v1/nodes": ("Node", "v1"), "v1/services": ("Service", "v1"), "v1/secrets": ("Secret", "v1"),
        "networking.k8s.io/v1/ingresses": ("Ingress", "networking.k8s.io/v1"),
    ]

    /// One counter for everything.
    private(set) var version = 1_000
    /// Watches and pages from before this are gone.
    private(set) var compacted = 0
    private(set) var history: [Event] = []
    private var eventCount = 0
    private var objects: [Collection: [String: JSONValue]] = [:]

    static func key(_ namespace: String, _ name: String) -> String { "\(namespace)/\(name)" }

    func get(_ collection: Collection, _ namespace: String, _ name: String) throws(Failure) -> JSONValue {
        guard let object = objects[collection]?[Self.key(namespace, name)] else { throw .notFound }
        return object
    }

    /// All of a namespace, or of all when it is empty, in the order of their keys.
    func list(_ collection: Collection, _ namespace: String) -> [(key: String, object: JSONValue)] {
        (objects[collection] ?? [:])
            .filter { namespace.isEmpty || $0.key.hasPrefix("\(namespace)/") }
            .sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    mutating func create(
        _ collection: Collection,
        _ namespace: String,
        _ object: JSONValue
    ) throws(Failure) -> JSONValue {
        guard let known = Self.kinds[collection], object["kind"] == .string(known.kind),
            object["apiVersion"] == .string(known.apiVersion)
        else { throw .invalid("no object of \(collection)") }
        guard case .string(let name)? = object["metadata"]?["name"], !name.isEmpty else {
            throw .invalid("metadata.name: Required value")
        }
        guard objects[collection]?[Self.key(namespace, name)] == nil else { throw .exists }
        version += 1
        let stamp: JSONValue = [
            "metadata": [
                "namespace": namespace.isEmpty ? .null : .string(namespace), "uid": .string("uid-\(version)"),
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "managedFields": [["manager": "test", "fieldsV1": ["f:metadata": ["f:labels": [:]]]]],
            ]
        ]
        return record("ADDED", collection, namespace, name, object.merged(stamp))
    }

    /// Applies a merge patch (RFC 7396); one that changes nothing makes no new version.
    mutating func patch(
        _ collection: Collection,
        _ namespace: String,
        _ name: String,
        _ patch: JSONValue
    ) throws(Failure) -> JSONValue {
        let old = try get(collection, namespace, name)
        if let wanted = patch["metadata"]?["resourceVersion"], wanted != old["metadata"]?["resourceVersion"] {
            throw .conflict
        }
        let new = old.merged(patch)
        guard new != old else { return old }
        version += 1
        return record("MODIFIED", collection, namespace, name, new)
    }

    mutating func delete(_ collection: Collection, _ namespace: String, _ name: String) throws(Failure) -> JSONValue {
        let old = try get(collection, namespace, name)
        version += 1
        let last = record("DELETED", collection, namespace, name, old)
        objects[collection]?[Self.key(namespace, name)] = nil
        return last
    }

    /// Forgets what has happened up to now.
    mutating func compact() {
        version += 1
        compacted = version
        history = []
    }

    mutating func bookmark() {
        let mark: JSONValue = ["metadata": ["resourceVersion": .string("\(version)")]]
        append(nil, "", "BOOKMARK", mark)
    }

    private mutating func record(
        _ type: String,
        _ collection: Collection,
        _ namespace: String,
        _ name: String,
        _ object: JSONValue
    ) -> JSONValue {
        let object = object.merged(["metadata": ["resourceVersion": .string("\(version)")]])
        objects[collection, default: [:]][Self.key(namespace, name)] = object
        append(collection, namespace, type, object)
        return object
    }

    private mutating func append(
        _ collection: Collection?,
        _ namespace: String,
        _ type: String,
        _ object: JSONValue
    ) {
        eventCount += 1
        history.append(
            Event(
                number: eventCount,
                version: version,
                collection: collection,
                namespace: namespace,
                type: type,
                object: object
            )
        )
    }
}

extension JSONValue {
    /// A merge patch applied (RFC 7396): `null` takes a member away.
    func merged(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = [:]
        if case .object(let own) = self { members = own }
        for (key, change) in changes {
            if change == .null {
                members.removeValue(forKey: key)
            } else {
                members[key] = (members[key] ?? .object([:])).merged(change)
            }
        }
        return .object(members)
    }
}
