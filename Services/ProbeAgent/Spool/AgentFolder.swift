import EventLoop
import Foundation
import Glibc

/// The folder where an agent keeps what is to outlive it; one process at a time has it.
///
/// Every call may block.
final class AgentFolder {
    let path: String
    /// Whether what is written must survive the loss of the machine's power.
    let isDurable: Bool
    private let journal: ((DiskChange) -> Void)?
    private let lock: DiskFile

    /// Makes the folder where it is missing.
    ///
    /// Throws `SpoolInUse` when another process has it, and `SystemError` when it cannot be used.
    init(_ path: String, isDurable: Bool, journal: ((DiskChange) -> Void)? = nil) throws {
        try Self.make(path)
        let lock = try DiskFile("\(path)/lock", O_RDWR | O_CREAT)
        guard try lock.lock() else { throw SpoolInUse(path: path) }
        self.path = path
        self.isDurable = isDurable
        self.journal = journal
        self.lock = lock
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// `flags` as of open(2).
    func open(_ name: String, _ flags: CInt) throws(SystemError) -> DiskFile {
        try DiskFile(file(name), flags, journal)
    }

    func names() throws(SystemError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw SystemError(code: EIO, message: path)
        }
    }

    /// The whole file; `nil` when there is none.
    func contents(of name: String) throws(SystemError) -> [UInt8]? {
        do {
            let file = try open(name, O_RDONLY)
            return try file.read(try file.size(), at: 0)
        } catch  where error.code == ENOENT {
            return nil
        }
    }

    /// Puts a file in the place of another at once: whoever looks sees the old one or the new one, whole.
    func replace(_ name: String, with bytes: [UInt8], isDurable: Bool) throws(SystemError) {
        let new = try open("\(name).new", O_WRONLY | O_CREAT | O_TRUNC)
        try new.write(bytes, at: 0)
        if isDurable { try new.sync() }
        try rename("\(name).new", to: name)
        if isDurable { try sync() }
    }

    func rename(_ name: String, to other: String) throws(SystemError) {
        guard unsafe Glibc.rename(file(name), file(other)) == 0 else {
            throw SystemError(code: errno, message: file(name))
        }
        journal?(.renamed(file(name), to: file(other)))
    }

    /// Does nothing when there is no such file.
    func remove(_ name: String) throws(SystemError) {
        guard unsafe unlink(file(name)) == 0 || errno == ENOENT else {
            throw SystemError(code: errno, message: file(name))
        }
        journal?(.removed(file(name)))
    }

    /// Makes names that were added, changed or removed durable.
    func sync() throws(SystemError) {
        let directory = try DiskFile(path, O_RDONLY | O_DIRECTORY, journal)
        try directory.sync()
    }

    private static func make(_ path: String) throws(SystemError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            // The system's own reason is lost on the way; opening says it better.
            _ = try DiskFile(path, O_RDONLY | O_DIRECTORY)
        }
    }
}

/// Two agents must not write into one folder.
struct SpoolInUse: Error, CustomStringConvertible {
    var path: String

    var description: String {
        "another agent uses \(path) (its lock is taken); give each a folder of its own with PROBE_AGENT_DATA"
    }
}
