import EventLoop
import Foundation
import Glibc

/// A file system of so many bytes in memory, gone with its last reference; needs root.
final class SmallDisk: Sendable {
    static var isAllowed: Bool { geteuid() == 0 }

    let path = NSTemporaryDirectory() + "sonde-disk-\(UUID())"

    init(bytes: Int, options: UInt = 0) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard unsafe mount("tmpfs", path, "tmpfs", options, "size=\(bytes),mode=700") == 0 else {
            throw SystemError(code: errno, message: path)
        }
    }

    deinit {
        unsafe umount2(path, CInt(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path)
    }
}
