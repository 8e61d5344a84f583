import EventLoop
import Glibc
import Synchronization

/// A shell script that clears up once its input ends, as it does when this process ends by whatever means.
final class Caretaker: Sendable {
    private let shell: Child
    /// The other end of its input.
    private let lifeline: Mutex<FileDescriptor?>

    init(_ script: String, _ arguments: [String]) throws {
        var ends: [CInt] = [0, 0]
        // Other programs must not keep it open.
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw SystemError(code: errno, message: "socketpair")
        }
        let input = FileDescriptor(ends[0])
        lifeline = Mutex(FileDescriptor(ends[1]))
        shell = try Child("/bin/sh", ["-c", script, "sh"] + arguments, input: input.number)
    }

    /// Returns when it has cleared up.
    func dismiss() {
        lifeline.withLock { $0 = nil }
        shell.wait()
    }
}
