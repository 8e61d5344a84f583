import CLinux
import EventLoop
import Glibc

/// One process that this one started; ends with it.
///
/// `@unchecked Sendable`: `ended` is touched by calls that the loop executes alone; the rest never changes.
final class ChildProcess: ReadinessHandler, @unchecked Sendable {
    let id: CInt
    private let loop: EventLoop
    private let descriptor: FileDescriptor
    private var exitCode: CInt?
    private var waiters: [CheckedContinuation<CInt, Never>] = []

    /// Starts `program`; `log` takes what it prints. To be called on the loop, whose end would end the child.
    init(_ program: String, environment: [String: String], log: CInt, on loop: EventLoop) throws {
        loop.preconditionIsCurrent()
        let variables = environment.map { "\($0)=\($1)" }.sorted()
        let id = unsafe Self.withCStrings([program]) { arguments in
            unsafe Self.withCStrings(variables) { variables in
                unsafe clinux_spawn(program, arguments, variables, log, SIGTERM)
            }
        }
        guard id > 0 else { throw SystemError(code: errno, message: program) }
        let descriptor = clinux_pidfd(id)
        guard descriptor >= 0 else {
            kill(id, SIGKILL)
            throw SystemError(code: errno, message: "pidfd_open")
        }
        self.id = id
        self.loop = loop
        self.descriptor = FileDescriptor(descriptor)
        try loop.register(descriptor, for: .read, self)
    }

    /// Returns the exit code when the process has ended: 128 and more for a signal.
    func untilExit() async -> CInt {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                if let exitCode { continuation.resume(returning: exitCode) } else { waiters.append(continuation) }
            }
        }
    }

    func signal(_ number: CInt) {
        loop.execute { [self] in
            if exitCode == nil { kill(id, number) }
        }
    }

    func ready(_ readiness: Readiness) {
        let code = clinux_reap(id)
        guard code >= 0 else { return }
        loop.unregister(descriptor.number)
        exitCode = code
        for waiter in waiters { waiter.resume(returning: code) }
        waiters = []
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
