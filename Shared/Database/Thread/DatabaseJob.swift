import Synchronization

/// Work for a thread, and the means to stop it.
final class DatabaseJob<Connection>: Sendable {
    let stop: JobStop
    /// Does the work and returns what gives its result to whoever waits for it: to be called once it is durable.
    let work: @Sendable (Connection) throws -> Answer
    /// Answers with an error instead.
    ///
    /// Every job is answered exactly once.
    let refuse: @Sendable (any Error) -> Void

    typealias Answer = @Sendable () -> Void

    init(
        stop: JobStop,
        work: @escaping @Sendable (Connection) throws -> Answer,
        refuse: @escaping @Sendable (any Error) -> Void
    ) {
        self.stop = stop
        self.work = work
        self.refuse = refuse
    }
}

/// Whether a job should go on: looked at by the engine while it works.
final class JobStop: Sendable {
    private let cancelled = Atomic(false)
    private let handler = Mutex<(@Sendable () -> Void)?>(nil)
    let deadline: ContinuousClock.Instant?

    init(deadline: ContinuousClock.Instant?) { self.deadline = deadline }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        handler.withLock { $0 }?()
    }

    /// Has `handler` called when the job is cancelled, at once if it was already; it takes the place of the one before.
    ///
    /// It may come on any thread, and a little after another one took its place.
    func whenCancelled(_ handler: (@Sendable () -> Void)?) {
        self.handler.withLock { $0 = handler }
        if isCancelled { handler?() }
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Why the job should stop, if it should.
    var reason: (any Error)? {
        if isCancelled { return CancellationError() }
        guard let deadline, ContinuousClock.now >= deadline else { return nil }
        return DatabaseError(.deadlineExceeded, "the work was not done by its deadline")
    }
}
