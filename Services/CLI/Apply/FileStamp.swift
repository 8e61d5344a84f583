import Foundation

/// Which files stand at some paths, as far as that is known without reading them.
///
/// Another stamp means that they may have changed. Links are followed, so it is another one too when the link `..data`
/// is swapped, through which Kubernetes lets a mounted ConfigMap change as a whole.
struct FileStamp: Equatable, Sendable {
    private struct Entry: Equatable {
        var path: String
        var device: UInt64
        var inode: UInt64
        var size: Int64
        /// Nanoseconds since 1970 of the last change of its bytes, and of anything about it.
        var modified: Int64
        var changed: Int64

        /// Fails for what is not there.
        init?(_ path: String) {
            var info = stat()
            guard unsafe stat(path, &info) == 0 else { return nil }
            self.path = path
            device = UInt64(info.st_dev)
            inode = UInt64(info.st_ino)
            size = Int64(info.st_size)
            modified = Self.nanoseconds(info.st_mtim)
            changed = Self.nanoseconds(info.st_ctim)
        }

        private static func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }

    private let entries: [Entry]

    init(of paths: [String]) {
        // A folder that cannot be read, or has no such files, is like one that is not there.
        entries = ((try? DeclarationFile.paths(at: paths)) ?? []).compactMap(Entry.init)
    }
}
