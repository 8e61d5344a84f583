import Configuration
public import Contracts
public import Database
import EventLoop
import Foundation
import Glibc
import JSON
public import JSONRPC
import JSONRPCTransport
import Lifecycle
import Observability
import StoreService
import TLS

/// A store as its process runs it, on a loop of its own, and a connection to it as an agent and the gateway have one.
public struct StoreUnderTest: Sendable {
    public let directory: String
    public let location: DatabaseLocation
    public var durability = SQLiteSettings.Durability.normal
    /// When the store believes that it is.
    public var now: @Sendable () -> Timestamp = { .now }

    private let log = Log(label: "bench", minimum: .warning)

    /// `directory` is for keys and certificates.
    public init(directory: String, location: DatabaseLocation) {
        self.directory = directory
        self.location = location
    }

    /// Runs the store for as long as `body` does.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (RunningStore) async throws -> Value
    ) async throws -> Value {
        let (storeLoop, agentLoop) = (try EventLoop(name: "store"), try EventLoop(name: "agent"))
        defer {
            storeLoop.stop()
            agentLoop.stop()
        }
        try storeLoop.start()
        try agentLoop.start()
        var settings = try StoreSettings(from: Environment(["STORE_DURABILITY": durability.rawValue]))
        settings.compaction.interval = .milliseconds(100)
        let database = try await openDatabase(at: location, sqlite: settings.sqlite, postgres: settings.postgres)
        let metrics = Metrics()
        var owners = RPCRouter(title: "orchestrator", log: log)
        owners.handle(.listCheckOwners) { CheckOwnerList(tenants: $0.checks.map { _ in .first }) }
        let orchestrator = RPCClient(inProcess: owners, as: .store)
        let store = try await Store.open(
            database,
            settings,
            orchestrator: orchestrator,
            clock: LoopClock(storeLoop),
            now: now,
            log: log,
            metrics: metrics
        )
        let authority = try CertificateAuthority.make(trustDomain: "sonde").authority
        let person = Person(id: .make(), email: "ann@example.org", tenant: .first, role: .viewer)
        var router = RPCRouter(title: "store", authorizer: OpenDoor(for: person), log: log)
        store.addRoutes(to: &router)
        let server = try RPCServer(
            on: SocketAddress(.loopback, port: 0),
            loops: [storeLoop],
            identity: try identity(.store, from: authority),
            router: router,
            log: log,
            metrics: Metrics()
        )
        let agent = try connection(to: server, as: .probeAgent, authority, agentLoop)
        let gateway = try connection(to: server, as: .gateway, authority, agentLoop)
        let value = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: storeLoop) { try await store.run() }
            group.addTask(executorPreference: storeLoop) { try await server.run() }
            group.addTask(executorPreference: agentLoop) { try await agent.run() }
            group.addTask(executorPreference: agentLoop) { try await gateway.run() }
            let running = RunningStore(agent: agent.client, gateway: gateway.client, loop: agentLoop, metrics: metrics)
            let value = try await withTaskExecutorPreference(agentLoop) { try await body(running) }
            group.cancelAll()
            while (try? await group.next()) != nil {}
            return value
        }
        await database.close()
        return value
    }

    private func connection(
        to server: RPCServer,
        as peer: RPCPeer,
        _ authority: CertificateAuthority,
        _ loop: EventLoop
    ) throws -> RPCConnection {
        RPCConnection(
            to: .store,
            at: server.address.description,
            identity: try identity(peer, from: authority),
            loop: loop,
            log: log,
            metrics: Metrics()
        )
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

/// What it took to store some rows.
public struct Cost: Sendable {
    public var seconds: Double
    /// Of all threads but the agent's.
    public var storeCPUSeconds: Double
}

/// A store that runs, as those see it who call it.
public struct RunningStore: Sendable {
    public let agent: RPCClient
    public let gateway: RPCClient
    let loop: EventLoop
    let metrics: Metrics

    /// What it takes to send all batches, so many at a time, each until its receipt, and until all rows are in chunks and
    /// roll-ups.
    public func cost(sending batches: [MeasurementBatch], inFlight: Int) async throws -> Cost {
        _ = try await agent.call(.appendMeasurements, .empty(like: batches))
        let start = ContinuousClock.now
        let (process, own) = (cpuSeconds(CLOCK_PROCESS_CPUTIME_ID), cpuSeconds(CLOCK_THREAD_CPUTIME_ID))
        try await send(batches, inFlight: inFlight)
        while !String(decoding: metrics.text(), as: UTF8.self).contains("sonde_store_head_rows 0") {
            try await Task.sleep(for: .milliseconds(20))
        }
        // This is the agent's thread.
        let agent = cpuSeconds(CLOCK_THREAD_CPUTIME_ID) - own
        return Cost(
            seconds: (ContinuousClock.now - start) / .seconds(1),
            storeCPUSeconds: cpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - process - agent
        )
    }

    private func cpuSeconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// Sends again what the store has no room for, when it says that it may have some.
    private func send(_ batches: [MeasurementBatch], inFlight: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<inFlight {
                group.addTask {
                    for index in stride(from: sender, to: batches.count, by: inFlight) {
                        let receipt = try await send(batches[index])
                        precondition(receipt.stored == batches[index].count, "every row is new")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// What is answered, as it comes: the gateway hands it on, and who asked reads it in their own time.
    public func answer(_ method: RPCDescriptor, to params: some RPCPayload) async throws -> ArraySlice<UInt8> {
        var writer = JSONWriter()
        try params.writePayload(to: &writer)
        return try await gateway.call(method, raw: writer.bytes[...])
    }

    public func send(_ batch: MeasurementBatch) async throws -> AppendReceipt {
        while true {
            do {
                return try await agent.call(.appendMeasurements, batch, timeout: .seconds(60))
            } catch let error as RPCError where error.code == .busy {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

extension MeasurementBatch {
    /// A batch without rows, for making the connection before the clock starts.
    fileprivate static func empty(like batches: [MeasurementBatch]) -> Self {
        Self(agentID: batches.first?.agentID ?? .make(), origin: "agent-1", series: [], columns: MeasurementColumns())
    }
}
