/// One result that a callback on a loop brings to the task that waits for it.
///
/// To be touched on the loop only.
public final class Completion<Value: Sendable> {
    /// What stops the work when the waiting task is cancelled; it must lead to a call of `finish`.
    public var onCancel: (() -> Void)?
    private var continuation: CheckedContinuation<Value, Never>?

    private init() {}

    /// Calls `start` with a completion, and returns what that is finished with.
    ///
    /// To be called on `loop`. A task that is cancelled already is started all the same, and stopped at once.
    /// `isolation` keeps `start` on the caller's actor; left to itself the standard library runs it elsewhere.
    public static func value(
        on loop: EventLoop,
        isolation: isolated (any Actor)? = #isolation,
        _ start: (Completion<Value>) -> Void
    ) async -> Value {
        let completion = LoopBound(Completion(), on: loop)
        return await withTaskCancellationHandler {
            _ = isolation
            return await withCheckedContinuation { continuation in
                let completion = completion.value
                completion.continuation = continuation
                start(completion)
                if Task.isCancelled { completion.cancel() }
            }
        } onCancel: {
            loop.execute { completion.value.cancel() }
        }
    }

    /// The first call counts.
    public func finish(_ value: Value) {
        guard let continuation else { return }
        self.continuation = nil
        onCancel = nil
        continuation.resume(returning: value)
    }

    private func cancel() {
        guard let onCancel else { return }
        self.onCancel = nil
        onCancel()
    }
}
