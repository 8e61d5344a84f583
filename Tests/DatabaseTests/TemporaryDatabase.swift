import Foundation
import Synchronization

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

/// Opens a database in a directory of its own, makes a table `item`, runs `body` and closes.
func withDatabase(
    _ settings: SQLiteSettings = SQLiteSettings(durability: .normal),
    _ body: (SQLiteDatabase) async throws -> Void
) async throws {
    let temporary = try TemporaryDatabase()
    let database = try await temporary.open(settings)
    _ = try await database.write { connection in
        try connection.execute(
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> 'bad'), size REAL)"
        )
    }
    do {
        try await body(database)
    } catch {
        await database.close()
        throw error
    }
    await database.close()
    withExtendedLifetime(temporary) {}
}

extension SQLiteDatabase {
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
