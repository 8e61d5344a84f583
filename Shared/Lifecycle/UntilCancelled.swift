import Synchronization

/// Returns when the task is cancelled, and not before.
public func untilCancelled() async {
    let waiter = CancellationWaiter()
    await withTaskCancellationHandler {
        await withCheckedContinuation { waiter.wait($0) }
    } onCancel: {
        waiter.cancel()
    }
}

private final class CancellationWaiter: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, Never>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func wait(_ continuation: CheckedContinuation<Void, Never>) {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.continuation = continuation }
            return state.isCancelled
        }
        if isCancelled { continuation.resume() }
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            return state.continuation.take()
        }?.resume()
    }
}
