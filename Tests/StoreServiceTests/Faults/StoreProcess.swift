import Contracts
import EventLoop
import Foundation
import Glibc
import JSONRPC
import JSONRPCTransport
import Observability
import ServiceTesting
import Synchronization
import TLS
import Testing

/// The program `store` on a database, and an agent's way to it; ended by `kill` at the latest.
final class StoreProcess: Sendable {
    private let folder: TemporaryDirectory
    private let database: String
    private let port: UInt16
    private let process = Mutex<Process?>(nil)

    /// `database` is what `STORE_DATABASE` says.
    init(on database: String) throws {
        folder = try TemporaryDirectory()
        self.database = database
        port = try Self.freePort()
        let authority = try CertificateAuthority.make(trustDomain: "test").authority
        for name in ["store", "probe-agent"] {
            let key = try PrivateKey.p256()
            let id = SPIFFEID(trustDomain: "test", namespace: "default", service: name)
            let leaf = try authority.issue(id, dnsNames: [name], for: key, lifetime: .seconds(3_600))
            let directory = URL(filePath: folder.path).appending(path: name)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data(authority.certificate.pem()).write(to: directory.appending(path: "ca.crt"))
            try Data(leaf.pem()).write(to: directory.appending(path: "tls.crt"))
            try Data(key.pem()).write(to: directory.appending(path: "tls.key"))
        }
    }

    deinit { kill() }

    private static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let address = SocketAddress(.loopback, port: .random(in: 20_000..<30_000))
            if let socket = try? TCPSocket.listen(on: address, sharingPort: false) {
                return try TCPSocket.localAddress(of: socket).port
            }
        }
        throw SystemError(code: EADDRINUSE, message: "no free port")
    }

    /// Starts it, unless it cannot start; what it says goes to `output`.
    func start() throws {
        let store = Process()
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        store.executableURL = tests.deletingLastPathComponent().appending(path: "store")
        store.environment = [
            "STORE_LISTEN": "127.0.0.1:\(port)", "STORE_ADMIN_LISTEN": "127.0.0.1:0",
            "STORE_IDENTITY_DIR": folder.path + "/store", "STORE_DATABASE": database,
            "GATEWAY_ENDPOINT": "127.0.0.1:1",
        ]
        try Data().write(to: URL(filePath: folder.path + "/output"))
        let output = FileHandle(forWritingAtPath: folder.path + "/output")
        store.standardOutput = output
        store.standardError = output
        try store.run()
        process.withLock { $0 = store }
    }

    /// Ends it without notice.
    func kill() {
        guard let store = process.withLock({ $0 }) else { return }
        if store.isRunning { _ = Glibc.kill(store.processIdentifier, SIGKILL) }
        store.waitUntilExit()
        process.withLock { $0 = nil }
    }

    /// Waits until it ends by itself; returns its exit code and what it said.
    func end() throws -> (code: Int32, output: String) {
        let store = try #require(process.withLock { $0 })
        store.waitUntilExit()
        return (store.terminationStatus, try String(contentsOfFile: folder.path + "/output", encoding: .utf8))
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
