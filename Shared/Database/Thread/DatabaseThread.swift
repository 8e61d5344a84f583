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

    private let perform: Perform

    /// Does a job, and as many of those behind it as it likes to take, and answers each.
    typealias Perform = @Sendable (Connection, DatabaseJob<Connection>, _ next: () -> DatabaseJob<Connection>?) -> Void

    private init(queueLimit: Int, perform: @escaping Perform) {
        self.queueLimit = queueLimit
        self.perform = perform
    }

    /// Starts a thread whose connection `connect` makes; throws what that throws.
    static func start(
        queueLimit: Int,
        connect: @escaping @Sendable () throws -> Connection,
        perform: @escaping Perform
    ) async throws -> DatabaseThread {
        let thread = DatabaseThread(queueLimit: queueLimit, perform: perform)
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
        do {
            let connection = try connect()
            started.resume()
            runJobs(on: connection)
        } catch {
            started.resume(throwing: error)
        }
        // The connection is gone by now, and with it what it held of the file.
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.closeWaiters = [] }
            return state.closeWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func runJobs(on connection: Connection) {
        while let job = nextJob() {
            let start = ContinuousClock.now
            perform(connection, job) { takeJob() }
            let busy = ContinuousClock.now - start
            state.withLock { $0.statistics.busy += busy }
        }
    }

    /// Waits for the next job; `nil` when there will be none.
    private func nextJob() -> DatabaseJob<Connection>? {
        while true {
            wakeUp.wait()
            if let job = takeJob() { return job }
            // A job taken or withdrawn earlier leaves its wake-up behind.
            if state.withLock(\.isClosing) { return nil }
        }
    }

    private func takeJob() -> DatabaseJob<Connection>? {
        state.withLock { state in
            guard !state.jobs.isEmpty else { return nil }
            state.statistics.startedJobs += 1
            return state.jobs.removeFirst()
        }
    }
}
