import Glibc

/// What tells that a file is another one than at the last look; all zero when there is none.
public struct FileStamp: Equatable, Sendable {
    private var inode: UInt = 0
    private var size = 0
    private var seconds = 0
    private var nanoseconds = 0

    public var exists: Bool { inode != 0 }

    public init(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        inode = status.st_ino
        size = status.st_size
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
