public import Database
import Synchronization
import TestServers

/// Which engine the tests of a suite run on.
public enum TestEngine {
    @TaskLocal public static var current = DatabaseEngine.sqlite

    private static let urls = Mutex<[String: String]>([:])

    /// Opens the database of a directory by the current engine: a file in it, or a database that is only its own.
    public static func open(_ name: String, in directory: TemporaryDirectory) async throws -> any Database {
        let path = directory.path + "/\(name).db"
        guard current == .postgres else { return try await SQLiteDatabase.open(path) }
        let url = try urls.withLock { urls in
            if let url = urls[path] { return url }
            let url = try PostgresServer.shared().makeRestrictedURL()
            urls[path] = url
            return url
        }
        // Many tests share the server.
        return try await PostgresDatabase.open(PostgresURL(url), PostgresSettings(readers: 1, writers: 2, schema: name))
    }
}
