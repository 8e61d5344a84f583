import Synchronization

/// A SQLite file as a database for many tasks of one process.
///
/// One connection on one thread writes and checkpoints; another reads committed snapshots on a thread of its own. Two
/// connections that write or checkpoint together can corrupt the write-ahead log of SQLite 3.40, so no other does.
public final class SQLiteDatabase: Database {
    private struct Counters {
        var commits = 0
        var rollbacks = 0
        var rowsWritten = 0
    }

    private let writer: DatabaseThread<SQLiteConnection>
    private let reader: DatabaseThread<SQLiteConnection>
    private let counters = Mutex(Counters())

    private init(writer: DatabaseThread<SQLiteConnection>, reader: DatabaseThread<SQLiteConnection>) {
        self.writer = writer
        self.reader = reader
    }

    /// Opens the file at `path`, and makes it (mode 0600) if there is none; its directory must exist.
    ///
    /// Throws `.disk` when file or directory cannot be used, `.busy` when another process has the file open, and
    /// `.corrupt` when it is no database.
    public static func open(_ path: String, _ settings: SQLiteSettings = SQLiteSettings()) async throws
        -> SQLiteDatabase
    {
        let file = try SQLiteFile(path: path)
        let writer = try await DatabaseThread.start(queueLimit: settings.queueLimit) {
            try SQLiteConnection(file: file, settings: settings, isWriter: true)
        }
        do {
            let reader = try await DatabaseThread.start(queueLimit: settings.queueLimit) {
                try SQLiteConnection(file: file, settings: settings, isWriter: false)
            }
            return SQLiteDatabase(writer: writer, reader: reader)
        } catch {
            await writer.close()
            throw error
        }
    }

    public func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await reader.run(deadline: deadline) { connection, stop in
            try connection.transaction("BEGIN", stop: stop) { try body(connection) }
        }
    }

    public func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await writer.run(deadline: deadline) { [self] connection, stop in
            let before = connection.totalChanges
            do {
                let value = try connection.transaction("BEGIN IMMEDIATE", stop: stop) { try body(connection) }
                counters.withLock { counters in
                    counters.commits += 1
                    counters.rowsWritten += connection.totalChanges - before
                }
                return value
            } catch {
                counters.withLock { $0.rollbacks += 1 }
                throw error
            }
        }
    }

    public var statistics: DatabaseStatistics {
        let counters = counters.withLock { $0 }
        return DatabaseStatistics(
            reader: reader.statistics,
            writer: writer.statistics,
            commits: counters.commits,
            rollbacks: counters.rollbacks,
            rowsWritten: counters.rowsWritten
        )
    }

    public func close() async {
        // The last connection to close checkpoints, and only the writer may.
        await reader.close()
        await writer.close()
    }
}
