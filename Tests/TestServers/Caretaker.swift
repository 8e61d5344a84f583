import EventLoop
import Glibc
import Synchronization

/// A shell script that clears up once its input ends, as it does when this process ends by whatever means.
final class Caretaker: Sendable {
    /// Starts a server, and ends it and removes its files once the input ends.
    private static let serverScript = """
        trap '' HUP INT TERM
        directory=$1
        shift
        "$@" </dev/null >"$directory/log" 2>&1 &
        read -r line
        kill -KILL $!
        # Not awaited, since whoever starts this may have blocked the signal of a child's end; it may write for a moment.
        tries=0
        until rm -rf "$directory" || [ $tries -gt 100 ]; do
            tries=$((tries + 1))
            sleep 0.05
        done 2>/dev/null
        """

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

    /// Runs a server that has a directory of its own, which goes with it.
    convenience init(server: [String], in directory: String) throws {
        try self.init(Self.serverScript, [directory] + server)
    }

    /// Returns when it has cleared up.
    func dismiss() {
        lifeline.withLock { $0 = nil }
        shell.wait()
    }
}
