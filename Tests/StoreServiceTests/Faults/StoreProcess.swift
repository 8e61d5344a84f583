import Contracts
import EventLoop
import Foundation
import HTTP
import JSONRPC
import JSONRPCTransport
import Observability
import ServiceTesting
import Synchronization
import TLS
import TestServers
import Testing

/// The program `store` on a database, an orchestrator that it asks, and an agent's way to it; ended by `kill` at the
/// latest.
final class StoreProcess: Sendable {
    private let folder: TemporaryDirectory
    private let database: String
    private let port: UInt16
    private let adminPort: UInt16
    private let owners: OwnersServer
    private let process = Mutex<Child?>(nil)

    /// `database` is what `STORE_DATABASE` says.
    init(on database: String) throws {
        folder = try TemporaryDirectory()
        self.database = database
        port = try freePort()
        adminPort = try freePort()
        let authority = try CertificateAuthority.make(trustDomain: "test").authority
        for name in ["store", "probe-agent", "orchestrator"] {
            let key = try PrivateKey.p256()
            let id = SPIFFEID(trustDomain: "test", namespace: "default", service: name)
            let leaf = try authority.issue(id, dnsNames: [name], for: key, lifetime: .seconds(3_600))
            let directory = URL(filePath: folder.path).appending(path: name)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data(authority.certificate.pem()).write(to: directory.appending(path: "ca.crt"))
            try Data(leaf.pem()).write(to: directory.appending(path: "tls.crt"))
            try Data(key.pem()).write(to: directory.appending(path: "tls.key"))
        }
        owners = try OwnersServer(TLSIdentity(directory: folder.path + "/orchestrator"))
    }

    deinit { kill() }

    /// Starts it, unless it cannot start; what it says goes to `output`.
    func start(_ settings: [String: String] = [:]) throws {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let store = try Child(
            tests.deletingLastPathComponent().appending(path: "store").path,
            [],
            environment: [
                "STORE_LISTEN": "127.0.0.1:\(port)", "STORE_ADMIN_LISTEN": "127.0.0.1:\(adminPort)",
                "STORE_IDENTITY_DIR": folder.path + "/store", "STORE_DATABASE": database,
                "GATEWAY_ENDPOINT": "127.0.0.1:1", "ORCHESTRATOR_ENDPOINT": owners.endpoint,
            ].merging(settings) { $1 },
            output: folder.path + "/output"
        )
        process.withLock { $0 = store }
    }

    /// What it says to a kubelet that asks whether it is ready.
    func readiness() async throws -> String { try await ask("/readyz") }

    /// What it says without a certificate: the status, and the body.
    func ask(_ path: String) async throws -> String {
        let loop = try EventLoop(name: "kubelet")
        try loop.start()
        defer { loop.stop() }
        let address = SocketAddress(.loopback, port: adminPort)
        return try await withTaskExecutorPreference(loop) {
            let connection = try await HTTPConnector(loop: loop).connect(to: address, tls: nil)
            defer { connection.close() }
            let request = HTTPClientRequest(.get, path, authority: address.description)
            let response = try await connection.send(request, timeout: .seconds(10))
            return "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
        }
    }

    /// What it has written to its log.
    func log() throws -> String { try String(contentsOfFile: folder.path + "/output", encoding: .utf8) }

    /// Bytes of memory that it has.
    func residentBytes() throws -> Int {
        let id = try #require(process.withLock { $0?.id })
        let pages = try String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8).split(separator: " ")[1]
        return (Int(pages) ?? 0) * Int(getpagesize())
    }

    /// Ends it without notice.
    func kill() {
        process.withLock { store in
            store?.stop()
            store = nil
        }
    }

    /// Waits until it ends by itself; returns its exit code and what it said.
    func end() async throws -> (code: Int, output: String) {
        let store = try #require(process.withLock { $0 })
        let code = try await store.end()
        return (code, try log())
    }

    /// Calls as an agent does, on a connection of its own.
    func withClient(_ body: @escaping @Sendable (RPCClient) async throws -> Void) async throws {
        let loop = try EventLoop(name: "agent")
        try loop.start()
        let connection = RPCConnection(
            to: .store,
            at: "127.0.0.1:\(port)",
            identity: try TLSIdentity(directory: folder.path + "/probe-agent"),
            loop: loop,
            log: Log(label: "agent", sink: MemorySink()),
            metrics: Metrics()
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            try await body(connection.client)
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }
}
