import CPostgres
import Synchronization

/// Asks the server to stop statements, on a thread of its own: libpq waits until the server has heard, which may be
/// never.
final class PostgresCanceller: Sendable {
    /// More wait only when the server is stuck, and then their connections are dropped anyway.
    private static let limit = 64

    private struct State {
        var waiting: [PostgresCancellation] = []
        var isStarted = false
        var isClosing = false
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()

    /// Asks for the statement of a connection to be stopped, and raises `done` when the server was told.
    @safe func cancel(_ connection: OpaquePointer, _ done: WakeUp) -> PostgresCancellation {
        let cancellation = unsafe PostgresCancellation(connection, done)
        let (isAccepted, startsThread) = state.withLock { state in
            guard state.waiting.count < Self.limit, !state.isClosing else { return (false, false) }
            state.waiting.append(cancellation)
            defer { state.isStarted = true }
            return (true, !state.isStarted)
        }
        guard isAccepted else { return cancellation }
        do {
            if startsThread { try PlatformThread.start { self.run() } }
            wakeUp.post()
        } catch {
            // Without a thread nobody is told, and the connection is dropped when its time is over.
            state.withLock { state in
                state.isStarted = false
                state.waiting = []
            }
        }
        return cancellation
    }

    /// Ends the thread once what waits is done; does not wait for that.
    func close() {
        state.withLock { $0.isClosing = true }
        wakeUp.post()
    }

    private func run() {
        while true {
            wakeUp.wait()
            let (next, isClosing) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosing)
            }
            if let next { next.perform() } else if isClosing { return }
        }
    }
}

/// A request to stop what a connection does, made on its thread and sent by another one.
@safe final class PostgresCancellation: Sendable {
    /// The address of libpq's request, which belongs to this object alone; it is made complete before anyone else can
    /// see it and never changes.
    private let address: UInt
    private let done: WakeUp
    private let isFinished = Atomic(false)

    init(_ connection: OpaquePointer, _ done: WakeUp) {
        address = UInt(bitPattern: unsafe PQgetCancel(connection))
        self.done = done
    }

    deinit { unsafe PQfreeCancel(OpaquePointer(bitPattern: address)) }

    /// Whether the server has heard, so that what is sent from now on is not stopped by this.
    var isDone: Bool { isFinished.load(ordering: .acquiring) }

    fileprivate func perform() {
        // What it says is of no use: a statement that does not end is given up on in either case.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { words in
            _ = unsafe PQcancel(OpaquePointer(bitPattern: address), words.baseAddress, CInt(words.count))
        }
        isFinished.store(true, ordering: .releasing)
        done.post()
    }
}
