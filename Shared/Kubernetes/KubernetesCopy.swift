/// All objects of a kind, as far as a reflector knows them.
public struct KubernetesCopy<Object: KubernetesObject>: Sendable {
    public private(set) var objects: [KubernetesKey: Object] = [:]
    /// Objects that are not as they must be, with why; they are not among `objects`.
    public private(set) var unreadable: [KubernetesKey: String] = [:]
    /// There was a list: before that nothing is known, and an object that is missing may be there.
    public private(set) var isSynced = false
    /// What a watch is to begin at.
    private(set) var resourceVersion = ""

    /// Takes a list in place of what was known.
    mutating func take(_ list: KubernetesList<Object>) {
        objects = Dictionary(list.objects.map { ($0.metadata.key, $0) }) { _, last in last }
        unreadable = list.unreadable
        resourceVersion = list.resourceVersion
        isSynced = true
    }

    mutating func take(_ event: KubernetesEvent<Object>) {
        switch event {
        case .present(.object(let object)):
            objects[object.metadata.key] = object
            unreadable[object.metadata.key] = nil
            advance(to: object.metadata.resourceVersion)
        case .present(.unreadable(let metadata, let reason)):
            objects[metadata.key] = nil
            unreadable[metadata.key] = reason
            advance(to: metadata.resourceVersion)
        case .removed(let metadata):
            objects[metadata.key] = nil
            unreadable[metadata.key] = nil
            advance(to: metadata.resourceVersion)
        case .bookmark(let version):
            advance(to: version)
        }
    }

    /// Versions are not compared: they mean something to the server alone.
    private mutating func advance(to version: String?) {
        if let version, !version.isEmpty { resourceVersion = version }
    }
}

/// What has become of a copy since it was looked at last.
public struct KubernetesUpdate<Object: KubernetesObject>: Sendable {
    public var copy: KubernetesCopy<Object>
    /// New ones, and those of which there is another version.
    public var changed: [Object]
    public var removed: [KubernetesKey]

    /// `nil` when both copies hold the same.
    init?(from old: KubernetesCopy<Object>, to new: KubernetesCopy<Object>) {
        changed = new.objects.values.filter { object in
            guard let before = old.objects[object.metadata.key]?.metadata else { return true }
            return before.resourceVersion != object.metadata.resourceVersion || before.uid != object.metadata.uid
        }
        removed = old.objects.keys.filter { new.objects[$0] == nil }
        copy = new
        guard
            !changed.isEmpty || !removed.isEmpty || old.isSynced != new.isSynced
                || old.unreadable != new.unreadable
        else { return nil }
    }
}
