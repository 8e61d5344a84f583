import Configuration
import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Synchronization
import TestServers
import Testing

/// A store under test, and what it was told and says.
struct StoreCase: Sendable {
    let client: RPCClient
    let store: Store
    let database: any Database
    let time: ManualTime
    let metrics: Metrics
    let log: MemorySink

    /// The lines of the metrics page.
    var counts: Set<Substring> {
        Set(String(decoding: metrics.text(), as: UTF8.self).split(separator: "\n"))
    }
}

/// The databases of tests on a PostgreSQL server, by the directory that each test has.
private let postgresURLs = Mutex<[String: String]>([:])

/// Opens the database of a test, the same each time: a file in its directory, or one of a server of all tests.
func openDatabase(
    of directory: TemporaryDirectory,
    _ engine: DatabaseEngine,
    _ settings: StoreSettings
) async throws -> any Database {
    guard engine == .postgres else {
        return try await SQLiteDatabase.open(directory.path + "/store.db", settings.sqlite)
    }
    let url = try postgresURLs.withLock { urls in
        let url = try urls[directory.path] ?? PostgresServer.shared().makeRestrictedURL()
        urls[directory.path] = url
        return url
    }
    var few = settings.postgres
    // Many tests share the server.
    (few.readers, few.writers) = (2, 2)
    return try await PostgresDatabase.open(PostgresURL(url), few)
}

/// Has the tests of a directory use a database of their own server.
func usePostgres(_ url: String, in directory: TemporaryDirectory) {
    postgresURLs.withLock { $0[directory.path] = url }
}

/// Runs a store on a real database for as long as `body` does.
func withStore(
    in directory: TemporaryDirectory,
    on engine: DatabaseEngine = .sqlite,
    time: ManualTime = ManualTime(),
    clock: any Clock<Duration> = ContinuousClock(),
    orchestrator: RPCClient = checkOwners(),
    configure: (inout StoreSettings) -> Void = { _ in },
    wrap: (any Database) -> any Database = { $0 },
    _ body: @escaping @Sendable (StoreCase) async throws -> Void
) async throws {
    var settings = try StoreSettings(from: Environment())
    settings.durability = .normal
    configure(&settings)
    let database = wrap(try await openDatabase(of: directory, engine, settings))
    let (sink, metrics) = (MemorySink(), Metrics())
    let log = Log(label: "test", sink: sink)
    let store: Store
    do {
        store = try await Store.open(
            database,
            settings,
            orchestrator: orchestrator,
            clock: clock,
            now: { time.now },
            log: log,
            metrics: metrics
        )
    } catch {
        await database.close()
        throw error
    }
    var router = RPCRouter(title: "store", authorizer: OpenDoor(for: Person.editor), log: log)
    store.addRoutes(to: &router)
    try await withThrowingTaskGroup(of: Void.self) { [router] group in
        group.addTask { try await store.run() }
        try await withClient(of: router, as: .gateway) { client in
            let running = StoreCase(
                client: client,
                store: store,
                database: database,
                time: time,
                metrics: metrics,
                log: sink
            )
            try await body(running)
        }
        await store.drain()
        group.cancelAll()
        while (try? await group.next()) != nil {}
    }
    await database.close()
}

/// The error that a call ends with.
func failure(_ body: () async throws -> some Any) async throws -> RPCError {
    let error = await #expect(throws: RPCError.self) { _ = try await body() }
    return try #require(error)
}
