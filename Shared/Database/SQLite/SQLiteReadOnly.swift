import Glibc

/// A SQLite file that is read and never changed, even while a `SQLiteDatabase` of another process writes it.
///
/// Its one connection is like the reader that a `SQLiteDatabase` has: opened to read alone, it neither writes nor
/// checkpoints, when it is closed neither, so that the write-ahead log has one writer still.
public final class SQLiteReadOnly: Database {
    private let reader: DatabaseThreads<SQLiteConnection>
    private let copier: DatabaseThreads<SQLiteConnection>

    private init(reader: DatabaseThreads<SQLiteConnection>, copier: DatabaseThreads<SQLiteConnection>) {
        self.reader = reader
        self.copier = copier
    }

    /// Throws `.disk` when the file cannot be read, and `.corrupt` when it is no database.
    public static func open(_ path: String) async throws -> SQLiteReadOnly {
        guard unsafe access(path, R_OK) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw DatabaseError(.disk, "\(path): cannot be read (\(reason))")
        }
        let connect: @Sendable () throws -> SQLiteConnection = {
            let connection = try SQLiteConnection(path: path, isReadOnly: true)
            try connection.execute("PRAGMA busy_timeout = 5000")
            try connection.execute("PRAGMA temp_store = MEMORY")
            // Opening reads nothing; this finds out whether the file is a database.
            try connection.execute("SELECT count(*) FROM sqlite_schema")
            return connection
        }
        let reader = try await DatabaseThreads.start(queueLimit: 16, connect: connect) { connection, job, _ in
            connection.readSnapshot(job)
        }
        do {
            let copier = try await DatabaseThreads.start(queueLimit: 16, connect: connect) { connection, job, _ in
                connection.runAlone(job)
            }
            return SQLiteReadOnly(reader: reader, copier: copier)
        } catch {
            await reader.close()
            throw error
        }
    }

    /// Writes what is committed now into a new file, which is on the disk when this returns.
    ///
    /// Throws `.failed` when there is such a file, and `.disk` when it cannot be written.
    public func copy(to path: String) async throws {
        try await copier.run(deadline: nil) { connection in try connection.copy(to: path) }
        try Self.sync(path)
    }

    public var engine: DatabaseEngine { .sqlite }

    public func read<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        try await reader.run(deadline: deadline) { try body($0) }
    }

    public func write<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (any DatabaseConnection) throws -> T
    ) async throws -> T {
        throw DatabaseError(.failed, "the database is open to be read alone")
    }

    public var statistics: DatabaseStatistics {
        var statistics = DatabaseStatistics()
        statistics.reader = reader.statistics
        return statistics
    }

    public func close() async {
        await copier.close()
        await reader.close()
    }

    /// SQLite does not wait for the disk when it writes a copy.
    private static func sync(_ path: String) throws(DatabaseError) {
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DatabaseError(.disk, "\(path): cannot be opened") }
        defer { Glibc.close(file) }
        guard fchmod(file, 0o600) == 0, fsync(file) == 0 else {
            throw DatabaseError(.disk, "\(path): cannot be written to the disk")
        }
    }
}

extension SQLiteConnection {
    /// Does a job that begins no transaction.
    fileprivate func runAlone(_ job: DatabaseJob<SQLiteConnection>) {
        do {
            let answer = try work(job)
            answer()
        } catch {
            job.refuse(error)
        }
    }
}
