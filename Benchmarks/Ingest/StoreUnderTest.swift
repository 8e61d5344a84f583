import Configuration
import Contracts
import Database
import EventLoop
import Foundation
import JSONRPC
import JSONRPCTransport
import Lifecycle
import Observability
import StoreService
import TLS

/// A store as its process runs it, on a loop of its own, and a connection to it as an agent has one.
///
/// Nothing counts as done before it is in chunks and roll-ups.
struct StoreUnderTest {
    let directory: String
    let durability: SQLiteSettings.Durability
    let log = Log(label: "bench", minimum: .warning)

    /// Seconds that it takes to send all batches, so many at a time, each until its receipt.
    func seconds(sending batches: [MeasurementBatch], inFlight: Int) async throws -> Double {
        let (storeLoop, agentLoop) = (try EventLoop(name: "store"), try EventLoop(name: "agent"))
        defer {
            storeLoop.stop()
            agentLoop.stop()
        }
        try storeLoop.start()
        try agentLoop.start()
        var settings = try StoreSettings(from: Environment(["STORE_DURABILITY": durability.rawValue]))
        settings.compaction.interval = .milliseconds(100)
        let metrics = Metrics()
        let database = try await SQLiteDatabase.open("\(directory)/store.db", settings.sqlite)
        let store = try await Store.open(
            database,
            settings,
            clock: LoopClock(storeLoop),
            log: log,
            metrics: metrics
        )
        let authority = try CertificateAuthority.make(trustDomain: "sonde").authority
        var router = RPCRouter(title: "store", log: log)
        store.addRoutes(to: &router)
        let server = try RPCServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [storeLoop],
            identity: try identity(.store, from: authority),
            router: router,
            log: log,
            metrics: Metrics()
        )
        let connection = RPCConnection(
            to: .store,
            at: server.address.description,
            identity: try identity(.probeAgent, from: authority),
            loop: agentLoop,
            log: log,
            metrics: Metrics()
        )
        let seconds = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: storeLoop) { try await store.run() }
            group.addTask(executorPreference: storeLoop) { try await server.run() }
            group.addTask(executorPreference: agentLoop) { try await connection.run() }
            _ = try await connection.client.call(.appendMeasurements, .empty(like: batches))
            let seconds = try await withTaskExecutorPreference(agentLoop) {
                let start = ContinuousClock.now
                try await send(batches, inFlight: inFlight, over: connection.client)
                while !String(decoding: metrics.text(), as: UTF8.self).contains("sonde_store_head_rows 0") {
                    try await Task.sleep(for: .milliseconds(20))
                }
                return (ContinuousClock.now - start) / .seconds(1)
            }
            group.cancelAll()
            while (try? await group.next()) != nil {}
            return seconds
        }
        await database.close()
        return seconds
    }

    /// Sends again what the store has no room for, when it says that it may have some.
    private func send(_ batches: [MeasurementBatch], inFlight: Int, over client: RPCClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<inFlight {
                group.addTask {
                    for index in stride(from: sender, to: batches.count, by: inFlight) {
                        let receipt = try await send(batches[index], over: client)
                        precondition(receipt.stored == batches[index].count, "every row is new")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func send(_ batch: MeasurementBatch, over client: RPCClient) async throws -> AppendReceipt {
        while true {
            do {
                return try await client.call(.appendMeasurements, batch, timeout: .seconds(60))
            } catch let error as RPCError where error.code == .busy {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func identity(_ peer: RPCPeer, from authority: CertificateAuthority) throws -> TLSIdentity {
        let folder = "\(directory)/\(peer.rawValue)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let key = try PrivateKey.p256()
        let id = SPIFFEID(trustDomain: "sonde", namespace: "default", service: peer.rawValue)
        let leaf = try authority.issue(id, for: key, lifetime: .seconds(3_600))
        let files = [
            ("ca.crt", try authority.certificate.pem()), ("tls.key", try key.pem()), ("tls.crt", try leaf.pem()),
        ]
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        return try TLSIdentity(directory: folder)
    }
}

extension MeasurementBatch {
    /// A batch without rows, for making the connection before the clock starts.
    fileprivate static func empty(like batches: [MeasurementBatch]) -> Self {
        Self(agentID: batches.first?.agentID ?? .make(), origin: "agent-1", series: [], columns: MeasurementColumns())
    }
}
