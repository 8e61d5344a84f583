import CLinux
import EventLoop
import Glibc

/// One process that this one started; ends with it.
final class ChildProcess: Sendable {
    let id: CInt
    private let watch: LoopBound<ExitWatch>

    /// Starts `program`, in the namespaces of the loop's thread; `log` takes what it prints, but for its errors when
    /// those have a place of their own.
    ///
    /// To be called on the loop, whose end would end the child.
    init(
        _ program: String,
        arguments: [String] = [],
        environment: [String: String],
        log: CInt,
        errors: CInt? = nil,
        on loop: EventLoop
    ) throws {
        loop.preconditionIsCurrent()
        let variables = environment.map { "\($0)=\($1)" }.sorted()
        let id = unsafe Self.withCStrings([program] + arguments) { arguments in
            unsafe Self.withCStrings(variables) { variables in
                unsafe clinux_spawn(program, arguments, variables, log, errors ?? log, SIGTERM)
            }
        }
        guard id > 0 else { throw SystemError(code: errno, message: program) }
        self.id = id
        do {
            watch = LoopBound(try ExitWatch(id, on: loop), on: loop)
        } catch {
            kill(id, SIGKILL)
            throw error
        }
    }

    /// Returns the exit code when the process has ended: 128 and more for a signal.
    func untilExit() async -> CInt {
        await withCheckedContinuation { continuation in
            watch.loop.execute { [watch] in watch.value.wait(continuation) }
        }
    }

    func signal(_ number: CInt) {
        watch.loop.execute { [watch, id] in
            if watch.value.exitCode == nil { kill(id, number) }
        }
    }

    /// Whether anything runs that it started, itself included.
    var hasGroup: Bool { kill(-id, 0) == 0 }

    /// To the process and to all that it has started and that has not left its group.
    func signalGroup(_ number: CInt) {
        kill(-id, number)
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe strings.map { unsafe strdup($0) }
        unsafe pointers.append(nil)
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe body(pointers)
    }
}

/// Notices the end of a process.
private final class ExitWatch: ReadinessHandler {
    private let id: CInt
    private let loop: EventLoop
    private let descriptor: FileDescriptor
    private(set) var exitCode: CInt?
    private var waiters: [CheckedContinuation<CInt, Never>] = []

    init(_ id: CInt, on loop: EventLoop) throws(SystemError) {
        let number = clinux_pidfd(id)
        guard number >= 0 else { throw SystemError(code: errno, message: "pidfd_open") }
        self.id = id
        self.loop = loop
        descriptor = FileDescriptor(number)
        try loop.register(number, for: .read, self)
    }

    func wait(_ continuation: CheckedContinuation<CInt, Never>) {
        if let exitCode { continuation.resume(returning: exitCode) } else { waiters.append(continuation) }
    }

    func ready(_ readiness: Readiness) {
        let code = clinux_reap(id)
        guard code >= 0 else { return }
        loop.unregister(descriptor.number)
        exitCode = code
        for waiter in waiters { waiter.resume(returning: code) }
        waiters = []
    }
}
