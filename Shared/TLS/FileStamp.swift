import Glibc

/// What tells that a file is another one than at the last look, or may have changed; all zero when there is none.
///
/// Links are followed.
public struct FileStamp: Equatable, Sendable {
    private var device: UInt = 0
    private var inode: UInt = 0
    private var size = 0
    /// Nanoseconds since 1970 of the last change of its bytes, and of anything about it.
    private var modified = 0
    private var changed = 0

    public var exists: Bool { inode != 0 }

    public init(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        device = status.st_dev
        inode = status.st_ino
        size = status.st_size
        modified = status.st_mtim.nanoseconds
        changed = status.st_ctim.nanoseconds
    }
}

extension timespec {
    fileprivate var nanoseconds: Int { tv_sec * 1_000_000_000 + tv_nsec }
}
