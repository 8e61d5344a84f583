/// A SQLite file as a database for many tasks of one process.
///
/// One connection on one thread writes and checkpoints; another reads committed snapshots on a thread of its own. Two
/// connections that write or checkpoint together can corrupt the write-ahead log of SQLite 3.40, so no other does.
public final class SQLiteDatabase: Database {
    private let writer: DatabaseThreads<SQLiteConnection>
    private let reader: DatabaseThreads<SQLiteConnection>
    private let commits: GroupCommit
    private let file: SQLiteFile

    private init(
        writer: DatabaseThreads<SQLiteConnection>,
        reader: DatabaseThreads<SQLiteConnection>,
        commits: GroupCommit,
        file: SQLiteFile
    ) {
        self.writer = writer
        self.reader = reader
        self.commits = commits
        self.file = file
    }

    /// Opens the file at `path`, and makes it (mode 0600) if there is none; its directory must exist.
    ///
    /// Throws `.disk` when file or directory cannot be used, `.busy` when another process has the file open, and
    /// `.corrupt` when it is no database.
    public static func open(
        _ path: String,
        _ settings: SQLiteSettings = SQLiteSettings()
    ) async throws -> SQLiteDatabase {
        let file = try SQLiteFile(path: path)
        let commits = GroupCommit()
        let writer = try await DatabaseThreads.start(
            queueLimit: settings.queueLimit,
            connect: { try SQLiteConnection(path: path, settings: settings, isWriter: true) },
            perform: { connection, job, next in commits.run(job, on: connection, next) }
        )
        do {
            let reader = try await DatabaseThreads.start(
                queueLimit: settings.queueLimit,
                connect: { try SQLiteConnection(path: path, settings: settings, isWriter: false) },
                perform: { connection, job, _ in connection.readSnapshot(job) }
            )
            return SQLiteDatabase(writer: writer, reader: reader, commits: commits, file: file)
        } catch {
            await writer.close()
            throw error
        }
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
        try await writer.run(deadline: deadline) { try body($0) }
    }

    public var statistics: DatabaseStatistics {
        var statistics = commits.statistics
        statistics.reader = reader.statistics
        statistics.writer = writer.statistics
        return statistics
    }

    public func close() async {
        // The last connection to close checkpoints, and only the writer may.
        await reader.close()
        await writer.close()
        file.unlock()
    }
}

extension SQLiteConnection {
    func readSnapshot(_ job: DatabaseJob<SQLiteConnection>) {
        do {
            let answer = try transaction("BEGIN") { try work(job) }
            answer()
        } catch {
            job.refuse(error)
        }
    }
}
