import EventLoop

/// Starts a handler for a callback, which has no task of its own.
///
/// The one place where tasks start that no other task owns. Each is owned by its stream, which cancels it when the
/// peer goes away, and is counted against the limit of its connection until it ends.
@inline(__always)
func startHandler(on loop: EventLoop, _ body: sending @escaping @isolated(any) () async -> Void) -> Task<Void, Never> {
    Task.immediate(executorPreference: loop, operation: body)
}
