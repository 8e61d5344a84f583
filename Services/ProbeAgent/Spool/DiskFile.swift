import EventLoop
import Glibc

/// What is done to the files of a folder, in the order in which it has been done.
enum DiskChange: Equatable, Sendable {
    case opened(_ path: String, isEmptied: Bool)
    case written(_ path: String, [UInt8], at: Int)
    case truncated(_ path: String, to: Int)
    case synced(_ path: String)
    case renamed(_ path: String, to: String)
    case removed(_ path: String)
}

/// A file that is read and written where one says; every call may block.
struct DiskFile: ~Copyable {
    private let descriptor: FileDescriptor
    let path: String
    /// Is told of every change, before the call returns.
    private let journal: ((DiskChange) -> Void)?

    /// `flags` as of open(2).
    init(_ path: String, _ flags: CInt, _ journal: ((DiskChange) -> Void)? = nil) throws(SystemError) {
        let number = unsafe open(path, flags | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw SystemError(code: errno, message: path) }
        descriptor = FileDescriptor(number)
        self.path = path
        self.journal = journal
        if flags & O_CREAT != 0 { journal?(.opened(path, isEmptied: flags & O_TRUNC != 0)) }
    }

    /// Writes everything, or throws: what was written of it is then unknown.
    func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor.number,
                    buffer.baseAddress?.advanced(by: done),
                    buffer.count - done,
                    off_t(offset + done)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError(code: count == 0 ? EIO : errno, message: path) }
            done += count
        }
        journal?(.written(path, bytes, at: offset))
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor.number,
                    buffer.baseAddress?.advanced(by: done),
                    count - done,
                    off_t(offset + done)
                )
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError(code: errno, message: path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    func size() throws(SystemError) -> Int {
        let end = lseek(descriptor.number, 0, SEEK_END)
        guard end >= 0 else { throw SystemError(code: errno, message: path) }
        return Int(end)
    }

    func truncate(to size: Int) throws(SystemError) {
        guard ftruncate(descriptor.number, off_t(size)) == 0 else { throw SystemError(code: errno, message: path) }
        journal?(.truncated(path, to: size))
    }

    /// Waits until everything written is on the disk.
    func sync() throws(SystemError) {
        guard fdatasync(descriptor.number) == 0 else { throw SystemError(code: errno, message: path) }
        journal?(.synced(path))
    }

    /// Takes the file for this process alone; `false` when another process has it.
    ///
    /// Lasts as long as the file is open.
    func lock() throws(SystemError) -> Bool {
        if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError(code: errno, message: path) }
        return false
    }
}
