import EventLoop
import Foundation
import Glibc

/// A file system of so many bytes in memory, gone with its last reference; needs root.
public final class SmallDisk: Sendable {
    public static var isAllowed: Bool { geteuid() == 0 }

    public let path: String

    /// `directory` is one that is there, or else a new one.
    public init(bytes: Int, options: UInt = 0, on directory: String? = nil) throws {
        path = directory ?? NSTemporaryDirectory() + "sonde-disk-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard unsafe mount("tmpfs", path, "tmpfs", options, "size=\(bytes),mode=755") == 0 else {
            throw SystemError(code: errno, message: path)
        }
    }

    deinit {
        unsafe umount2(path, CInt(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path)
    }

    private var ballast: String { "\(path)/ballast" }

    /// Takes all room but so many bytes.
    public func fill(leaving bytes: Int) throws {
        var space = statvfs()
        guard unsafe statvfs(path, &space) == 0 else { throw SystemError(code: errno, message: path) }
        let count = Int(space.f_bavail) * Int(space.f_frsize) - bytes
        guard count > 0 else { return }
        let file = FileDescriptor(unsafe open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let failure = posix_fallocate(file.number, 0, count)
        guard failure == 0 else { throw SystemError(code: failure, message: ballast) }
    }

    /// Gives it back.
    public func empty() throws {
        try FileManager.default.removeItem(atPath: ballast)
    }
}
