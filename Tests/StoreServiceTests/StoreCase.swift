import Configuration
import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import StoreService
import Testing

/// A store under test, and what it was told and says.
struct StoreCase: Sendable {
    let client: RPCClient
    let store: Store
    let database: SQLiteDatabase
    let time: ManualTime
    let metrics: Metrics
    let log: MemorySink

    /// The lines of the metrics page.
    var counts: Set<Substring> {
        Set(String(decoding: metrics.text(), as: UTF8.self).split(separator: "\n"))
    }
}

/// Runs a store on a real database file for as long as `body` does.
func withStore(
    in directory: TemporaryDirectory,
    time: ManualTime = ManualTime(),
    clock: any Clock<Duration> = ContinuousClock(),
    configure: (inout StoreSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (StoreCase) async throws -> Void
) async throws {
    var settings = try StoreSettings(from: Environment())
    settings.durability = .normal
    configure(&settings)
    let database = try await SQLiteDatabase.open(directory.path + "/store.db", settings.sqlite)
    let (sink, metrics) = (MemorySink(), Metrics())
    let log = Log(label: "test", sink: sink)
    let store = try await Store.open(
        database,
        settings,
        clock: clock,
        now: { time.now },
        log: log,
        metrics: metrics
    )
    var router = RPCRouter(title: "store", authorizer: OpenDoor(), log: log)
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
