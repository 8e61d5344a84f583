import Synchronization

/// A PostgreSQL server as a database for many tasks of one process.
///
/// A few connections run reads and a few others writes, each on a thread of its own; jobs of either kind wait in one
/// queue for the next that is free, so writes that are not awaited one after another have no order.
public final class PostgresDatabase: Database {
    private let readers: DatabaseThreads<PostgresSession>
    private let writers: DatabaseThreads<PostgresSession>
    private let shared: PostgresShared
    private let longestJob: Duration

    private init(
        readers: DatabaseThreads<PostgresSession>,
        writers: DatabaseThreads<PostgresSession>,
        shared: PostgresShared,
        longestJob: Duration
    ) {
        self.readers = readers
        self.writers = writers
        self.shared = shared
        self.longestJob = longestJob
    }

    /// Opens the database that `url` names, and makes the settings' schema if it is missing.
    ///
    /// Throws `.unavailable` or `.busy` when the server is away or full for longer than the settings have patience,
    /// and `.failed` when it refuses the user or is older than PostgreSQL 13.
    public static func open(
        _ url: PostgresURL,
        _ settings: PostgresSettings = PostgresSettings()
    ) async throws -> PostgresDatabase {
        let shared = PostgresShared()
        let writers = try await start(.writes, settings.writers, url, settings, shared)
        do {
            let readers = try await start(.reads, settings.readers, url, settings, shared)
            let database = PostgresDatabase(
                readers: readers,
                writers: writers,
                shared: shared,
                longestJob: settings.longestJob
            )
            do {
                if settings.makesSchema { try await database.write { try $0.createSchema(settings.schema) } }
                return database
            } catch {
                await readers.close()
                throw error
            }
        } catch {
            await writers.close()
            shared.canceller.close()
            throw error
        }
    }

    private static func start(
        _ role: PostgresSession.Role,
        _ count: Int,
        _ url: PostgresURL,
        _ settings: PostgresSettings,
        _ shared: PostgresShared
    ) async throws -> DatabaseThreads<PostgresSession> {
        try await DatabaseThreads.start(
            count: count,
            queueLimit: settings.queueLimit,
            connect: { try PostgresSession(url, settings, role, shared) },
            perform: { session, job, _ in session.run(job) }
        )
    }

    public var engine: DatabaseEngine { .postgres }

    public func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await readers.run(deadline: deadline ?? .now + longestJob) { try $0.use(body) }
    }

    public func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await writers.run(deadline: deadline ?? .now + longestJob) { try $0.use(body) }
    }

    public var statistics: DatabaseStatistics {
        var statistics = shared.statistics
        statistics.reader = readers.statistics
        statistics.writer = writers.statistics
        return statistics
    }

    public func close() async {
        await readers.close()
        await writers.close()
        shared.canceller.close()
    }
}

/// What the threads of one database have in common.
final class PostgresShared: Sendable {
    let canceller = PostgresCanceller()
    private let counters = Mutex(DatabaseStatistics())

    /// The counters of transactions.
    var statistics: DatabaseStatistics { counters.withLock { $0 } }

    func countCommit(rows: Int) {
        counters.withLock { counters in
            counters.commits += 1
            counters.rowsWritten += rows
        }
    }

    func countRollback() { counters.withLock { $0.rollbacks += 1 } }
}

extension DatabaseConnection {
    /// Makes a schema unless it is there; a role that may use one need not be allowed to make it.
    fileprivate func createSchema(_ name: String?) throws {
        guard let name else {
            // Finds out whether the server can be used.
            try execute("SELECT 1")
            return
        }
        try execute("SELECT pg_advisory_xact_lock(hashtextextended(\("schema " + name), 0))")
        guard try value("SELECT 1 FROM pg_namespace WHERE nspname = \(name)", as: Int.self) == nil else { return }
        try execute(SQL(trusted: "CREATE SCHEMA \(name.quotedName)"))
    }
}
