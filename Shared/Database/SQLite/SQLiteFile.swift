import Glibc

/// The database's file: private to this user, and open in one process at a time.
final class SQLiteFile: Sendable {
    private let lock: CInt

    /// Makes the file if there is none; throws one message that says what to do.
    init(path: String) throws(DatabaseError) {
        try Self.checkDirectory(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
        // A file of its own: closing any descriptor of the database itself would drop SQLite's locks on it.
        lock = try Self.open(path + "-lock")
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            // All is set, so `deinit` closes the descriptor.
            throw DatabaseError(.busy, "\(path): another process has the database open; stop it first")
        }
        // SQLite gives its other files the mode of this one.
        let file = try Self.open(path)
        defer { Glibc.close(file) }
        guard fchmod(file, 0o600) == 0 else { throw Self.failure("\(path): cannot be made private") }
    }

    deinit { Glibc.close(lock) }

    /// Lets another process have the file.
    func unlock() { flock(lock, LOCK_UN) }

    private static func open(_ path: String) throws(DatabaseError) -> CInt {
        let file = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("\(path): cannot be opened") }
        return file
    }

    private static func checkDirectory(_ path: String) throws(DatabaseError) {
        var status = stat()
        guard unsafe stat(path.isEmpty ? "/" : path, &status) == 0 else {
            throw failure("\(path): no directory for the database; create it, owned by this user")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw DatabaseError(.disk, "\(path): not a directory, so it cannot hold the database")
        }
        guard unsafe access(path, W_OK | X_OK) == 0 else {
            throw failure(
                "\(path): the database's directory is not writable by user \(geteuid()); change its owner or mode"
            )
        }
        guard status.st_mode & (S_IWOTH | S_ISVTX) != S_IWOTH else {
            throw DatabaseError(.disk, "\(path): any user may replace the database; run chmod o-w on the directory")
        }
    }

    private static func failure(_ message: String) -> DatabaseError {
        let reason = unsafe String(cString: strerror(errno))
        return DatabaseError(.disk, "\(message) (\(reason))")
    }
}
