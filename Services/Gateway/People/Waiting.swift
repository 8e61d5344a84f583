import Synchronization

/// Counts those who wait, up to a limit.
final class Waiting: Sendable {
    private let count = Mutex(0)

    /// `false` when the limit is reached.
    func enter(limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() {
        count.withLock { $0 -= 1 }
    }
}
