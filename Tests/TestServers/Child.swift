import EventLoop
public import Glibc
import Synchronization

/// A program in a process of its own, which is not ended with this.
///
/// Foundation's `Process` reads a list of all open descriptors first, which crashes while other threads open some.
public final class Child: Sendable {
    public let id: pid_t
    private let code = Mutex<Int?>(nil)

    /// `output` and `errors` are files; both are those of this process where nothing is said, and errors go where the
    /// output goes.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String]? = nil,
        input: CInt = STDIN_FILENO,
        output: String? = nil,
        errors: String? = nil
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if input != STDIN_FILENO { unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        if let output {
            let flags = O_WRONLY | O_CREAT | O_TRUNC
            unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
            if let errors {
                unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, flags, 0o600)
            } else {
                unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
            }
        }
        // Threads of the concurrency runtime block signals, which a program would inherit.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        unsafe sigemptyset(&noSignals)
        unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var variables = unsafe (environment ?? [:]).map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        var id = pid_t()
        let failure =
            if environment == nil {
                unsafe posix_spawn(&id, program, &actions, &attributes, &words, environ)
            } else {
                unsafe posix_spawn(&id, program, &actions, &attributes, &words, &variables)
            }
        guard failure == 0 else { throw SystemError(code: failure, message: program) }
        self.id = id
    }

    /// `nil` as long as it runs; 128 more than the signal that ended it.
    public var exitCode: Int? { collect(WNOHANG) }

    public var isRunning: Bool { exitCode == nil }

    /// Blocks until it has ended.
    @discardableResult
    public func wait() -> Int { collect(0) ?? 0 }

    /// Suspends until it has ended.
    public func end() async throws -> Int {
        while true {
            if let exitCode { return exitCode }
            try await ContinuousClock().sleep(for: .milliseconds(10))
        }
    }

    public func send(_ signal: CInt) {
        code.withLock { code in if code == nil { _ = kill(id, signal) } }
    }

    /// Ends it without notice.
    public func stop() {
        send(SIGKILL)
        wait()
    }

    private func collect(_ options: CInt) -> Int? {
        code.withLock { code in
            var status: CInt = 0
            if code == nil, unsafe waitpid(id, &status, options) == id {
                let signal = Int(status & 0x7f)
                code = signal == 0 ? Int(status >> 8 & 0xff) : 128 + signal
            }
            return code
        }
    }
}
