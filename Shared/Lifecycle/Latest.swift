import Synchronization

/// A value that changes, and that any number of tasks wait for.
///
/// A task that comes late sees the newest value and not those before it, so nothing is kept for a slow one.
public final class Latest<Value: Sendable>: Sendable {
    private struct State {
        var version = 0
        var value: Value
        var isFinished = false
        var waiters: [ObjectIdentifier: Waiter] = [:]
    }

    private final class Waiter: Sendable {
        let continuation = Mutex<CheckedContinuation<Void, any Error>?>(nil)

        func resume(throwing error: (any Error)? = nil) {
            let continuation = continuation.withLock { $0.take() }
            if let error { continuation?.resume(throwing: error) } else { continuation?.resume() }
        }
    }

    private let state: Mutex<State>

    /// The first value has version 0, and each change the next one.
    public init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    public var current: (version: Int, value: Value) {
        state.withLock { ($0.version, $0.value) }
    }

    /// Tasks that wait now.
    public var waiterCount: Int { state.withLock { $0.waiters.count } }

    public func update(_ value: Value) {
        wakeAll { state in
            state.value = value
            state.version += 1
        }
    }

    /// Ends all waiting, now and later.
    public func finish() {
        wakeAll { $0.isFinished = true }
    }

    /// Waits for a version newer than `version`; `nil` when there will be none.
    ///
    /// Throws `CancellationError` and nothing else.
    public func next(after version: Int) async throws -> (version: Int, value: Value)? {
        while true {
            let (current, isFinished) = state.withLock { (($0.version, $0.value), $0.isFinished) }
            if isFinished { return nil }
            if current.0 > version { return current }
            try await wait(after: version)
        }
    }

    private func wait(after version: Int) async throws {
        let waiter = Waiter()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                waiter.continuation.withLock { $0 = continuation }
                let mayWait = state.withLock { state in
                    guard state.version <= version, !state.isFinished else { return false }
                    state.waiters[ObjectIdentifier(waiter)] = waiter
                    return true
                }
                if !mayWait { waiter.resume() }
                // Cancelled before there was anything to cancel.
                if Task.isCancelled { cancel(waiter) }
            }
        } onCancel: {
            cancel(waiter)
        }
    }

    private func cancel(_ waiter: Waiter) {
        state.withLock { _ = $0.waiters.removeValue(forKey: ObjectIdentifier(waiter)) }
        waiter.resume(throwing: CancellationError())
    }

    private func wakeAll(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }
}
