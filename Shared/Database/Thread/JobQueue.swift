import Synchronization

/// Jobs that wait for an engine's threads: first come, first served, and no more than a limit.
final class JobQueue<Connection>: Sendable {
    private struct State {
        var jobs: [DatabaseJob<Connection>] = []
        var isClosing = false
        var statistics = DatabaseStatistics.Thread()
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Has `body` run on a thread; throws `.busy` at once when the queue is full.
    func run<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        let stop = JobStop(deadline: deadline)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = DatabaseJob<Connection>(
                    stop: stop,
                    work: { connection in
                        let value = try body(connection)
                        return { continuation.resume(returning: value) }
                    },
                    refuse: { continuation.resume(throwing: $0) }
                )
                submit(job)
            }
        } onCancel: {
            stop.cancel()
            withdraw(stop)
        }
    }

    var statistics: DatabaseStatistics.Thread {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queueDepth = state.jobs.count
            return statistics
        }
    }

    /// Waits for the next job; `nil` when there will be none.
    func next() -> DatabaseJob<Connection>? {
        while true {
            wakeUp.wait()
            if let job = take() { return job }
            // A job taken or withdrawn earlier leaves its wake-up behind.
            guard state.withLock(\.isClosing) else { continue }
            // One call closes the queue for however many threads wait.
            wakeUp.post()
            return nil
        }
    }

    /// The next job if one waits.
    func take() -> DatabaseJob<Connection>? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            state.statistics.startedJobs += 1
            return state.jobs.removeFirst()
        }
    }

    func addBusy(_ duration: Duration) {
        state.withLock { $0.statistics.busy += duration }
    }

    /// Refuses further jobs; those that wait are still handed out.
    func close() {
        state.withLock { $0.isClosing = true }
        wakeUp.post()
    }

    private func submit(_ job: DatabaseJob<Connection>) {
        let refusal: (any Error)? = state.withLock { state in
            if state.isClosing { return DatabaseError(.failed, "the database is closed") }
            // A task cancelled before this had no job to withdraw.
            if let reason = job.stop.reason { return reason }
            guard state.jobs.count < limit else {
                state.statistics.rejectedJobs += 1
                return DatabaseError(.busy, "\(limit) jobs wait for the database already")
            }
            state.jobs.append(job)
            return nil
        }
        if let refusal { return job.refuse(refusal) }
        wakeUp.post()
    }

    /// Takes a job that still waits out of the queue.
    private func withdraw(_ stop: JobStop) {
        let job = state.withLock { state in
            state.jobs.firstIndex { $0.stop === stop }.map { state.jobs.remove(at: $0) }
        }
        job?.refuse(CancellationError())
    }
}
