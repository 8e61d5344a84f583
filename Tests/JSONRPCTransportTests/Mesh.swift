import EventLoop
import Foundation
import JSONRPC
import JSONRPCTransport
import Observability
import TLS

extension RPCPeer {
    static let store = Self(rawValue: "store")
    static let agent = Self(rawValue: "probe-agent")
}

/// One server and its clients, with certificates of an authority of their own.
struct Mesh {
    let directory: URL
    let authority: CertificateAuthority
    let loop: EventLoop
    let sink = MemorySink()
    var log: Log { Log(label: "test", minimum: .debug, sink: sink) }

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "mesh-\(UUID())")
        authority = try CertificateAuthority.make(trustDomain: "sonde").authority
        loop = try EventLoop(name: "test")
        try loop.start()
    }

    func identity(_ peer: RPCPeer, lifetime: Duration = .seconds(3_600)) throws -> TLSIdentity {
        let folder = directory.appending(path: peer.rawValue)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(peer, lifetime: lifetime)
        return try TLSIdentity(directory: folder.path())
    }

    /// Writes new files over those of a peer.
    func write(_ peer: RPCPeer, lifetime: Duration = .seconds(3_600)) throws {
        let folder = directory.appending(path: peer.rawValue)
        let key = try PrivateKey.p256()
        let id = SPIFFEID(trustDomain: "sonde", namespace: "default", service: peer.rawValue)
        let leaf = try authority.issue(id, for: key, lifetime: lifetime)
        try Data(authority.certificate.pem()).write(to: folder.appending(path: "ca.crt"))
        try Data(key.pem()).write(to: folder.appending(path: "tls.key"))
        try Data(leaf.pem()).write(to: folder.appending(path: "tls.crt"))
    }

    func server(_ router: RPCRouter) throws -> RPCServer {
        try RPCServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [loop],
            identity: identity(.store),
            router: router,
            log: log,
            metrics: Metrics()
        )
    }

    func connection(to server: RPCServer, as peer: RPCPeer) throws -> RPCConnection {
        try RPCConnection(
            to: .store,
            at: server.address.description,
            identity: identity(peer),
            loop: loop,
            log: log,
            metrics: Metrics()
        )
    }

    func remove() {
        loop.stop()
        try? FileManager.default.removeItem(at: directory)
    }
}

/// Runs services for as long as `body` does.
func running(_ services: [any Sendable & Running], _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for service in services { group.addTask { try await service.run() } }
        try await body()
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
}

protocol Running {
    func run() async throws
}

extension RPCServer: Running {}
extension RPCConnection: Running {}
