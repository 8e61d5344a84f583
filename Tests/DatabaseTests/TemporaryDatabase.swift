import Foundation
import Synchronization
import TestServers

@testable import Database

/// A directory of its own for each test, with a path for a database; removed at the end.
final class TemporaryDatabase: Sendable {
    let directory: String
    var path: String { directory + "/test.sqlite" }

    init() throws {
        directory = NSTemporaryDirectory() + "database-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func open(_ settings: SQLiteSettings = SQLiteSettings(durability: .normal)) async throws -> SQLiteDatabase {
        try await SQLiteDatabase.open(path, settings)
    }
}

/// Opens an empty database of an engine, makes a table `item`, runs `body` and closes.
///
/// There is one reader and one writer, whatever the engine, so that a test knows what waits for what.
func withDatabase(
    _ engine: DatabaseEngine,
    queueLimit: Int = 256,
    _ body: (any Database) async throws -> Void
) async throws {
    switch engine {
    case .sqlite:
        let settings = SQLiteSettings(durability: .normal, queueLimit: queueLimit)
        try await withSQLite(settings) { try await body($0) }
    case .postgres:
        let settings = PostgresSettings(readers: 1, writers: 1, queueLimit: queueLimit)
        try await withPostgres(settings) { try await body($0) }
    }
}

/// The same for a SQLite file in a directory of its own.
func withSQLite(
    _ settings: SQLiteSettings = SQLiteSettings(durability: .normal),
    _ body: (SQLiteDatabase) async throws -> Void
) async throws {
    let temporary = try TemporaryDatabase()
    let database = try await temporary.open(settings)
    try await database.makeItems()
    try await closing(database, body)
    withExtendedLifetime(temporary) {}
}

/// The same for a database of a PostgreSQL server, the shared one if none is named.
func withPostgres(
    _ settings: PostgresSettings = PostgresSettings(),
    on server: PostgresServer? = nil,
    _ body: (PostgresDatabase) async throws -> Void
) async throws {
    let server = try server ?? PostgresServer.shared()
    let url = server.url(try server.makeDatabase())
    let database = try await PostgresDatabase.open(PostgresURL(url), settings)
    try await database.makeItems()
    try await closing(database, body)
}

/// Runs `body` and closes the database, whatever comes of it.
func closing<T: Database>(_ database: T, _ body: (T) async throws -> Void) async throws {
    do {
        try await body(database)
    } catch {
        await database.close()
        throw error
    }
    await database.close()
}

extension Database {
    fileprivate func makeItems() async throws {
        _ = try await write { connection in
            try connection.execute(
                """
                CREATE TABLE item (
                    id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> 'bad'), size DOUBLE PRECISION)
                """
            )
        }
    }

    func itemCount() async throws -> Int? {
        try await read { try $0.value("SELECT count(*) FROM item") }
    }

    func addItem(_ id: Int, _ name: String? = nil) async throws {
        _ = try await write { try $0.execute("INSERT INTO item (id, name) VALUES (\(id), \(name))") }
    }
}

/// The error's code, or `nil` when `body` throws none.
func errorCode(_ body: () async throws -> Void) async -> DatabaseError.Code? {
    do {
        try await body()
        return nil
    } catch { return (error as? DatabaseError)?.code }
}

/// Raised on a database's thread, awaited by a test.
final class Flag: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }

    func wait() async {
        while !isRaised.load(ordering: .acquiring) { await Task.yield() }
    }
}

extension PostgresSettings {
    /// Fails soon where there is no server.
    static let impatient = Self(
        readers: 1,
        writers: 1,
        connectTimeout: .seconds(5),
        patience: .milliseconds(100),
        stopTimeout: .milliseconds(100)
    )
}
