import Synchronization

/// Threads that own a connection each and run the jobs of one queue on them, in the order they came.
///
/// A connection is made and let go on its thread and seen by nothing else. The threads live until `close()`.
final class DatabaseThreads<Connection>: Sendable {
    private struct State {
        var running = 0
        var closeWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let queue: JobQueue<Connection>
    private let perform: Perform

    /// Does a job, and as many of those behind it as it likes to take, and answers each.
    typealias Perform = @Sendable (Connection, DatabaseJob<Connection>, _ next: () -> DatabaseJob<Connection>?) -> Void

    private init(queueLimit: Int, perform: @escaping Perform) {
        queue = JobQueue(limit: queueLimit)
        self.perform = perform
    }

    /// Starts `count` threads whose connections `connect` makes; throws what that throws.
    static func start(
        count: Int = 1,
        queueLimit: Int,
        connect: @escaping @Sendable () throws -> Connection,
        perform: @escaping Perform
    ) async throws -> DatabaseThreads {
        let threads = DatabaseThreads(queueLimit: queueLimit, perform: perform)
        do {
            for _ in 0..<count { try await threads.start(connect) }
        } catch {
            await threads.close()
            throw error
        }
        return threads
    }

    /// Runs `body` on one of the threads; throws `.busy` at once when the queue is full.
    func run<T: Sendable>(
        deadline: ContinuousClock.Instant?,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await queue.run(deadline: deadline, body)
    }

    var statistics: DatabaseStatistics.Thread { queue.statistics }

    /// Runs what waits, lets the connections go and ends the threads.
    func close() async {
        queue.close()
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if state.running > 0 { state.closeWaiters.append(continuation) }
                return state.running == 0
            }
            if isClosed { continuation.resume() }
        }
    }

    private func start(_ connect: @escaping @Sendable () throws -> Connection) async throws {
        state.withLock { $0.running += 1 }
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            do {
                try PlatformThread.start { self.run(connect, started) }
            } catch {
                ended()
                started.resume(throwing: error)
            }
        }
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
        ended()
    }

    private func runJobs(on connection: Connection) {
        while let job = queue.next() {
            let start = ContinuousClock.now
            perform(connection, job) { queue.take() }
            queue.addBusy(ContinuousClock.now - start)
        }
    }

    private func ended() {
        let waiters = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.closeWaiters = [] }
            return state.closeWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
