import EventLoop
import HTTP

/// The connection in use, and the calls that wait for one; confined to a loop.
final class ConnectionState {
    let connector: HTTPConnector
    private var current: HTTPClientConnection?
    private var waiters: [ObjectIdentifier: Waiter] = [:]
    private var hasFailed = false
    private var lastFailure = "not connected yet"

    init(_ connector: HTTPConnector) {
        self.connector = connector
    }

    /// The connection, when there is one that takes calls.
    var usable: HTTPClientConnection? {
        guard let current, current.isUsable else { return nil }
        return current
    }

    /// The connection, as soon as there is one; throws `timeout` at the deadline.
    func connection(until deadline: ContinuousClock.Instant) async throws -> HTTPClientConnection {
        if let usable { return usable }
        let waiter = Waiter(self)
        let left = ContinuousClock.now.duration(to: deadline)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Awaiting leads over the loop's queue: the connection may be there by now.
                if usable != nil { return continuation.resume() }
                waiter.start(continuation, timeout: left)
                waiters[ObjectIdentifier(waiter)] = waiter
                if Task.isCancelled { waiter.end(throwing: CancellationError()) }
            }
        } onCancel: { [bound = LoopBound(waiter, on: connector.loop)] in
            bound.loop.execute { bound.value.end(throwing: CancellationError()) }
        }
        guard let usable else { throw HTTPError(.closing, lastFailure) }
        return usable
    }

    func use(_ connection: HTTPClientConnection) {
        current = connection
        for waiter in waiters.values { waiter.end(throwing: nil) }
    }

    /// Lets the connection in use finish; the next call waits for a new one.
    func retire() {
        current?.drain()
    }

    func dismiss(_ connection: HTTPClientConnection) {
        if current === connection { current = nil }
        connection.drain()
    }

    func close() {
        current?.close()
        current = nil
        for waiter in waiters.values { waiter.end(throwing: HTTPError(.connection, "the process is stopping")) }
    }

    /// Whether this is the first failure since the last success, which is worth a line in the log.
    func noteFailure(_ reason: String) -> Bool {
        lastFailure = reason
        defer { hasFailed = true }
        return !hasFailed
    }

    func noteSuccess() -> Bool {
        defer { hasFailed = false }
        return hasFailed
    }

    fileprivate func remove(_ waiter: Waiter) {
        waiters[ObjectIdentifier(waiter)] = nil
    }

    fileprivate var timeoutError: HTTPError { HTTPError(.connection, lastFailure) }
}

/// One call that waits for the connection.
private final class Waiter: TimerHandler {
    private unowned let state: ConnectionState
    private var continuation: CheckedContinuation<Void, any Error>?
    private var timer: TimerToken?

    init(_ state: ConnectionState) {
        self.state = state
    }

    func start(_ continuation: CheckedContinuation<Void, any Error>, timeout: Duration) {
        self.continuation = continuation
        let nanoseconds = UInt64(max(0, timeout.inNanoseconds))
        timer = state.connector.loop.arm(self, afterNanoseconds: nanoseconds)
    }

    func end(throwing error: (any Error)?) {
        guard let continuation else { return }
        self.continuation = nil
        if let timer { state.connector.loop.disarm(timer) }
        state.remove(self)
        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
    }

    func timerFired(_ token: TimerToken) {
        timer = nil
        end(throwing: state.timeoutError)
    }
}
