import Glibc

extension SQLiteDatabase {
    /// Puts a copy of `source` in the place of the database at `path`, which no process may have open.
    ///
    /// Throws `.busy` when one has, and `.disk` when the copy cannot be written; then the old database is untouched.
    public static func restore(_ source: SQLiteReadOnly, to path: String) async throws {
        let file = try SQLiteFile(path: path)
        defer { file.unlock() }
        let draft = path + "-restored"
        try remove(draft)
        try await source.copy(to: draft)
        // Before the new file is there: SQLite would play the old log into it.
        try remove(path + "-wal")
        try remove(path + "-shm")
        try replace(path, by: draft)
    }

    /// Gives a file another's name, and waits until the disk knows it.
    public static func replace(_ path: String, by draft: String) throws(DatabaseError) {
        guard unsafe rename(draft, path) == 0 else { throw failure("\(path): cannot be replaced") }
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let directory = unsafe Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("\(parent): cannot be opened") }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else { throw failure("\(parent): cannot be written to the disk") }
    }

    /// Removes a file if there is one.
    public static func remove(_ path: String) throws(DatabaseError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("\(path): cannot be removed") }
    }

    private static func failure(_ message: String) -> DatabaseError {
        let reason = unsafe String(cString: strerror(errno))
        return DatabaseError(.disk, "\(message) (\(reason))")
    }
}
