import Synchronization

/// Work for a thread, and the means to stop it.
final class DatabaseJob<Connection>: Sendable {
    let stop: JobStop
    /// Does the work and answers whoever waits for it.
    let run: @Sendable (Connection) -> Void
    /// Answers instead of doing the work.
    let refuse: @Sendable (any Error) -> Void

    init(
        stop: JobStop,
        run: @escaping @Sendable (Connection) -> Void,
        refuse: @escaping @Sendable (any Error) -> Void
    ) {
        self.stop = stop
        self.run = run
        self.refuse = refuse
    }
}

/// Whether a job should go on: looked at by the engine while it works.
final class JobStop: Sendable {
    private let cancelled = Atomic(false)
    private let deadline: ContinuousClock.Instant?

    init(deadline: ContinuousClock.Instant?) { self.deadline = deadline }

    func cancel() { cancelled.store(true, ordering: .releasing) }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Why the job should stop, if it should.
    var reason: (any Error)? {
        if isCancelled { return CancellationError() }
        guard let deadline, ContinuousClock.now >= deadline else { return nil }
        return DatabaseError(.deadlineExceeded, "the work was not done by its deadline")
    }
}
