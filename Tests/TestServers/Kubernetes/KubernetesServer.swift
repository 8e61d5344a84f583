import EventLoop
import Foundation
import HTTP
public import JSON
import Lifecycle
import Observability
import Synchronization
public import TLS

/// A server of the Kubernetes API as far as its clients can tell on the wire: nodes, services, ingresses and secrets with
/// versions, pages, watches, bookmarks, conflicts, and whatever goes wrong with those.
///
/// It has its own authority, certificate, token and directory on loopback, and ends with its last reference.
public final class KubernetesServer: Sendable {
    /// Holds `ca.crt`, `token` and `namespace`, as kubelet puts them in a pod.
    public let directory: String
    public var port: UInt16 { server.address.port }
    private let backend = KubernetesBackend()
    private let loop: EventLoop
    private let server: HTTPServer

    /// Speaks the protocols that it is given.
    public init(_ protocols: [ApplicationProtocol] = [.http2, .http1]) throws {
        directory = NSTemporaryDirectory() + "kubernetes-\(UUID())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let authority = try CertificateAuthority.make("Cluster CA", trustDomain: "cluster").authority
        let key = try PrivateKey.p256()
        let leaf = try authority.issue(uris: [], addresses: ["127.0.0.1"], for: key, lifetime: .seconds(3_600))
        let context = try TLSContext.publicServer(chain: [leaf], key: key, protocols: protocols)
        loop = try EventLoop(name: "kubernetes")
        try loop.start()
        let answers = KubernetesAnswers(backend: backend)
        server = try HTTPServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            tls: { context },
            log: Log(label: "kubernetes", sink: MemorySink()),
            metrics: HTTPServerMetrics(Metrics(), role: "kubernetes"),
            responder: taskResponder { await answers.respond(to: $0) }
        )
        try Data(authority.certificate.pem()).write(to: URL(filePath: "\(directory)/ca.crt"))
        try Data("token-1\n".utf8).write(to: URL(filePath: "\(directory)/token"))
        try Data("sonde".utf8).write(to: URL(filePath: "\(directory)/namespace"))
        server.start()
    }

    deinit {
        server.close()
        loop.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: Objects

    /// Makes an object as somebody else would; `collection` as in `v1/nodes`.
    @discardableResult
    public func create(
        _ collection: KubernetesStore.Collection,
        _ name: String,
        namespace: String = "",
        _ members: JSONValue = [:]
    ) throws -> JSONValue {
        let kind = KubernetesStore.kinds[collection]
        let head: JSONValue = [
            "kind": .string(kind?.kind ?? ""), "apiVersion": .string(kind?.apiVersion ?? ""),
            "metadata": ["name": .string(name)],
        ]
        return try backend.change { try $0.create(collection, namespace, head.merged(members)) }
    }

    @discardableResult
    public func patch(
        _ collection: KubernetesStore.Collection,
        _ name: String,
        namespace: String = "",
        _ members: JSONValue
    ) throws -> JSONValue {
        try backend.change { try $0.patch(collection, namespace, name, members) }
    }

    public func delete(_ collection: KubernetesStore.Collection, _ name: String, namespace: String = "") throws {
        _ = try backend.change { try $0.delete(collection, namespace, name) }
    }

    public func object(
        _ collection: KubernetesStore.Collection,
        _ name: String,
        namespace: String = ""
    ) -> JSONValue? {
        backend.state.withLock { try? $0.store.get(collection, namespace, name) }
    }

    // MARK: What goes wrong

    /// Has the next request whose first line contains `part`, as in `GET /api/v1/nodes?watch`, go wrong.
    public func inject(_ fault: KubernetesFault, into part: String) {
        backend.state.withLock { $0.faults.append((part, fault)) }
    }

    /// Forgets all versions up to now, as etcd does every five minutes.
    public func compact() {
        backend.change { $0.compact() }
    }

    /// Tells every watch that asked for it which version it is at.
    public func sendBookmarks() {
        backend.change { $0.bookmark() }
    }

    public func endWatches() { end(.proper) }

    /// Breaks every watch in the middle of a line.
    public func breakWatches() { end(.withinLine) }

    private func end(_ ending: KubernetesBackend.WatchEnd) {
        backend.state.withLock { state in
            state.epoch += 1
            state.ending = ending
        }
        backend.wake()
    }

    /// From now on another token counts; `isWritten` says whether the file has it too.
    public func rotateToken(isWritten: Bool = true) throws {
        let token = backend.state.withLock { state in
            state.token += "+"
            return state.token
        }
        if isWritten { try Data("\(token)\n".utf8).write(to: URL(filePath: "\(directory)/token")) }
    }

    /// Refuses whoever asks for what contains `part`, as RBAC would; `nil` refuses nothing.
    public func deny(_ part: String?) {
        backend.state.withLock { $0.denied = part }
    }

    // MARK: What was asked

    /// The requests that came, as `GET /api/v1/nodes?limit=250`.
    public var requests: [String] { backend.log.current.value }

    /// Returns the requests when they are as many as that which contain `part`.
    @discardableResult
    public func requests(_ count: Int, with part: String) async throws -> [String] {
        var seen = -1
        while let (version, all) = try await backend.log.next(after: seen) {
            let found = all.filter { $0.contains(part) }
            if found.count >= count { return found }
            seen = version
        }
        return []
    }
}

/// What can be wrong with an answer.
public enum KubernetesFault: Sendable {
    /// A `Status`, and perhaps when to come again, in the head.
    case status(Int, reason: String, message: String, retryAfterSeconds: Int? = nil)
    /// Nothing is ever answered.
    case silence
    /// The head of a success, and then nothing.
    case deafness
    /// These bytes with the head of a success, and the end.
    case text(String)
    /// The same, and the stream breaks.
    case broken(String)
}
