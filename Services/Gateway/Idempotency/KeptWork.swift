import Lifecycle

/// Runs work to its end on behalf of callers that may go away in the middle of it.
final class KeptWork: Service {
    private typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    init() {
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Runs what it is given until it is cancelled; to be run once.
    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
        }
    }

    /// What `work` returns; it goes on when the calling task is cancelled.
    func run<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) async -> Result {
        let result: Result? = await withCheckedContinuation { continuation in
            let outcome = queue.yield { continuation.resume(returning: await work()) }
            if case .terminated = outcome { continuation.resume(returning: nil) }
        }
        if let result { return result }
        return await work()
    }
}
