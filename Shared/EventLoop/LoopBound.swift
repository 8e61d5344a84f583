/// A value that only its loop's thread may touch, in a wrapper that may travel.
///
/// `@unchecked Sendable` is sound because the value can be reached only through `value`, which stops the process
/// when the caller is on another thread, and because the wrapper's last copy hands the value to the loop to be
/// released there.
public final class LoopBound<Value>: @unchecked Sendable {
    public let loop: EventLoop
    /// There until the wrapper ends.
    @usableFromInline var stored: Value?

    /// To be called on the loop, or before the value is shared with anyone.
    public init(_ value: Value, on loop: EventLoop) {
        self.loop = loop
        stored = value
    }

    // Inlinable, so that each caller has code for its own type.
    @inlinable
    public var value: Value {
        loop.preconditionIsCurrent()
        guard let stored else { preconditionFailure("a bound value lives as long as its wrapper") }
        return stored
    }

    deinit {
        // Moved all the way: a copy that outlives the move would be the last one, on this thread.
        guard !loop.isCurrent, let value = stored.take() else { return }
        loop.release(consume value)
    }
}
