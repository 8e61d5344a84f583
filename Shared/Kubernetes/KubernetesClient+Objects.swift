import HTTP
public import JSON

extension KubernetesClient {
    /// One object; throws `notFound` when there is none of this name.
    public func get<Object: KubernetesObject>(
        _ type: Object.Type,
        _ name: String,
        namespace: String? = nil
    ) async throws -> Object {
        let path = Object.resource.path(namespace: namespace, name: name)
        return try Self.read(type, from: try await send(Request(method: .get, path: path)))
    }

    /// All objects of a namespace, or of all, page by page.
    ///
    /// Throws `expired` when it took so long that the server no longer knows the moment it began at.
    public func list<Object: KubernetesObject>(
        _ type: Object.Type,
        namespace: String? = nil
    ) async throws -> KubernetesList<Object> {
        var list = KubernetesList<Object>()
        var next = ""
        repeat {
            var request = Request(method: .get, path: Object.resource.path(namespace: namespace))
            request.query = [("limit", "\(limits.pageObjects)")]
            if !next.isEmpty { request.query.append(("continue", next)) }
            let page = try Self.read(KubernetesPage<Object>.self, from: try await send(request))
            list.add(page.items ?? [])
            list.resourceVersion = page.metadata.resourceVersion ?? ""
            guard list.objects.count + list.unreadable.count <= limits.listObjects else {
                throw KubernetesError(
                    .protocolViolation,
                    "there are over \(limits.listObjects) \(Object.resource.plural), more than are taken"
                )
            }
            guard page.metadata.continue != next || next.isEmpty else {
                throw KubernetesError(.protocolViolation, "the same page of \(Object.resource.plural) came twice")
            }
            next = page.metadata.continue ?? ""
        } while !next.isEmpty
        return list
    }

    /// Makes an object; throws `alreadyExists` when there is one of its name.
    public func create<Object: KubernetesObject>(_ object: Object) async throws -> Object {
        var request = Request(method: .post, path: Object.resource.path(namespace: object.metadata.namespace))
        request.body = try encodeJSON(Typed(object))
        return try Self.read(Object.self, from: try await send(request))
    }

    /// Changes what `change` names and leaves the rest (JSON Merge Patch, RFC 7396).
    ///
    /// Throws `conflict` when the object is no longer the one that was read as `original`.
    public func patch<Object: KubernetesObject>(_ original: Object, _ change: JSONValue) async throws -> Object {
        let metadata = original.metadata
        let path = Object.resource.path(namespace: metadata.namespace, name: metadata.name)
        // PATCH is not repeated blindly: the version makes a second one a conflict.
        var request = Request(method: .patch, path: path, contentType: "application/merge-patch+json")
        request.body = change.merging(metadata.resourceVersion.map { ["metadata": ["resourceVersion": .string($0)]] })
            .json()
        return try Self.read(Object.self, from: try await send(request))
    }

    /// Hands over what changes from a version on, as it comes, until the server ends it, which it is asked to do after `timeout`.
    ///
    /// Throws `expired` when the server no longer knows the version.
    func watch<Object: KubernetesObject>(
        _ type: Object.Type,
        namespace: String?,
        from version: String,
        timeoutSeconds: Int,
        _ body: ([KubernetesEvent<Object>]) -> Void
    ) async throws {
        var request = Request(method: .get, path: Object.resource.path(namespace: namespace))
        request.query = [
            ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
            ("timeoutSeconds", "\(timeoutSeconds)"),
        ]
        let tunnel = try await open(request)
        try await withTaskExecutorPreference(loop) {
            var lines = LineBuffer()
            while let bytes = try await Self.next(of: tunnel) {
                lines.append(bytes)
                var events: [KubernetesEvent<Object>] = []
                // What came before an error counts.
                defer { if !events.isEmpty { body(events) } }
                while let line = lines.takeLine() {
                    events.append(try Self.read(KubernetesEvent<Object>.self, from: line))
                }
                guard lines.count <= limits.eventBytes else {
                    throw KubernetesError(.protocolViolation, "an event of a watch is over \(limits.eventBytes) bytes")
                }
            }
            // What no line feed ends was cut off: the next watch begins before it.
        }
    }

    private static func next(of tunnel: HTTPTunnel) async throws -> [UInt8]? {
        do {
            return try await tunnel.read()
        } catch let error as HTTPError {
            throw KubernetesError(.unavailable, "a watch broke: \(error.message)")
        }
    }

    private static func read<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do {
            return try decodeJSON(type, from: bytes)
        } catch let error as JSONError {
            throw KubernetesError(.protocolViolation, "the Kubernetes API answered what is no \(type): \(error)")
        }
    }
}

extension KubernetesList {
    fileprivate mutating func add(_ items: [Readable<Object>]) {
        for item in items {
            switch item {
            case .object(let object): objects.append(object)
            case .unreadable(let metadata, let reason): unreadable[metadata.key] = reason
            }
        }
    }
}

/// An object with what says its kind, which one that is sent must have.
private struct Typed<Object: KubernetesObject>: Encodable {
    private let object: Object

    private enum CodingKeys: String, CodingKey {
        case apiVersion, kind
    }

    init(_ object: Object) {
        self.object = object
    }

    func encode(to encoder: any Encoder) throws {
        try object.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Object.resource.apiVersion, forKey: .apiVersion)
        try container.encode(Object.resource.kind, forKey: .kind)
    }
}

extension JSONValue {
    /// The members of both, those of objects in both merged; `other` wins.
    fileprivate func merging(_ other: JSONValue?) -> JSONValue {
        guard case .object(let own) = self, case .object(let more)? = other else { return other ?? self }
        return .object(own.merging(more) { $0.merging($1) })
    }
}
