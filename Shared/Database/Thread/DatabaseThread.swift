import Glibc
import Synchronization

/// A thread that owns one connection and runs jobs on it, one after another in the order they came.
///
/// The connection is made and let go on the thread and seen by nothing else. The thread lives until `close()`.
final class DatabaseThread<Connection>: Sendable {
    private struct State {
        var jobs: [DatabaseJob<Connection>] = []
        var isClosing = false
        var isClosed = false
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
        var statistics = DatabaseStatistics.Thread()
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    private let queueLimit: Int

    private init(queueLimit: Int) { self.queueLimit = queueLimit }

    /// Starts a thread whose connection `connect` makes; throws what that throws.
    static func start(
        queueLimit: Int,
        _ connect: @escaping @Sendable () throws -> Connection
    ) async throws -> DatabaseThread {
        let thread = DatabaseThread(queueLimit: queueLimit)
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            do {
                try PlatformThread.start { thread.run(connect, started) }
            } catch {
                started.resume(throwing: error)
            }
        }
        return thread
    }

    /// Runs `body` on the thread; throws `.busy` at once when the queue is full.
    func run<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (Connection, JobStop) throws -> T
    ) async throws -> T {
        let stop = JobStop(deadline: deadline)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = DatabaseJob<Connection>(
                    stop: stop,
                    run: { connection in continuation.resume(with: Result { try body(connection, stop) }) },
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

    /// Runs what waits, lets the connection go and ends the thread.
    func close() async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                state.isClosing = true
                if !state.isClosed { state.closeWaiters.append(continuation) }
                return state.isClosed
            }
            if isClosed { return continuation.resume() }
            wakeUp.post()
        }
    }

    private func submit(_ job: DatabaseJob<Connection>) {
        let refusal: (any Error)? = state.withLock { state in
            if state.isClosing { return DatabaseError(.failed, "the database is closed") }
            // A task cancelled before this had no job to withdraw.
            if let reason = job.stop.reason { return reason }
            guard state.jobs.count < queueLimit else {
                state.statistics.rejectedJobs += 1
                return DatabaseError(.busy, "\(queueLimit) jobs wait for the database already")
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

    private func run(_ connect: () throws -> Connection, _ started: CheckedContinuation<Void, any Error>) {
        let connection: Connection
        do {
            connection = try connect()
        } catch {
            return started.resume(throwing: error)
        }
        started.resume()
        runJobs(on: connection)
    }

    private func runJobs(on connection: consuming Connection) {
        while let job = nextJob() {
            if let reason = job.stop.reason {
                job.refuse(reason)
                continue
            }
            let start = ContinuousClock.now
            job.run(connection)
            let busy = ContinuousClock.now - start
            state.withLock { state in
                state.statistics.finishedJobs += 1
                state.statistics.busy += busy
            }
        }
        _ = consume connection
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.closeWaiters = [] }
            return state.closeWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for the next job; `nil` when there will be none.
    private func nextJob() -> DatabaseJob<Connection>? {
        while true {
            wakeUp.wait()
            let (job, isDone) = state.withLock { state in
                (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.jobs.isEmpty && state.isClosing)
            }
            if let job { return job }
            if isDone { return nil }
        }
    }
}
