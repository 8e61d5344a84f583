import CLinux
import Glibc

/// Receives Unix signals as events of a loop, whichever thread the kernel gives them to.
///
/// One a process.
///
/// A handler writes them into a pipe: blocking them for a signalfd would have to happen in every thread, and those of
/// Swift's own pool are there before the first line of a main.
public struct SignalWaiter: Sendable {
    private let descriptor: SharedDescriptor

    /// Also makes writing to a closed pipe an error instead of the process's end.
    public init(_ signals: [CInt]) throws(SystemError) {
        _ = signal(SIGPIPE, SIG_IGN)
        descriptor = SharedDescriptor(try check(unsafe clinux_signal_pipe(signals, CInt(signals.count)), "sigaction"))
    }

    /// The number of the next signal; throws `CancellationError` when the task is cancelled.
    public func wait(on loop: EventLoop) async throws -> CInt {
        let wait = LoopBound(SignalWait(descriptor), on: loop)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.execute { wait.value.start(on: loop, continuation) }
            }
        } onCancel: {
            loop.execute { wait.value.cancel() }
        }
    }
}

private final class SharedDescriptor: Sendable {
    let descriptor: FileDescriptor

    init(_ number: CInt) {
        descriptor = FileDescriptor(number)
    }
}

/// One wait under way.
private final class SignalWait: ReadinessHandler {
    private let shared: SharedDescriptor
    private var continuation: CheckedContinuation<CInt, any Error>?
    private var loop: EventLoop?
    private var isCancelled = false

    init(_ shared: SharedDescriptor) {
        self.shared = shared
    }

    func start(on loop: EventLoop, _ continuation: CheckedContinuation<CInt, any Error>) {
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        do {
            try loop.register(shared.descriptor.number, for: .read, self)
            self.continuation = continuation
            self.loop = loop
        } catch {
            continuation.resume(throwing: error)
        }
    }

    func ready(_ readiness: Readiness) {
        var number: UInt8 = 0
        guard unsafe read(shared.descriptor.number, &number, 1) == 1 else { return }
        end { $0.resume(returning: CInt(number)) }
    }

    func cancel() {
        isCancelled = true
        end { $0.resume(throwing: CancellationError()) }
    }

    private func end(_ resume: (CheckedContinuation<CInt, any Error>) -> Void) {
        guard let continuation else { return }
        self.continuation = nil
        loop?.unregister(shared.descriptor.number)
        resume(continuation)
    }
}
