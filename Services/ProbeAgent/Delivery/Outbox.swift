import Contracts
import Lifecycle
import Synchronization

/// The measurements that the store has not acknowledged yet.
final class Outbox: Sendable {
    private struct State {
        var queue: MeasurementQueue
        /// Rows of batches that were taken and are not settled.
        var inFlight = 0
    }

    private let state: Mutex<State>
    /// Changes with every row that comes, and with every batch that is settled.
    private let changes = Latest(())
    private let isFinished = Atomic<Bool>(false)

    init(_ queue: MeasurementQueue) {
        state = Mutex(State(queue: queue))
    }

    /// Rows that are not acknowledged.
    var depth: Int { state.withLock { $0.queue.rows + $0.inFlight } }

    /// Rows that had to go because there was no room.
    var dropped: Int { state.withLock { $0.queue.dropped } }

    func append(_ row: MeasurementRow, of series: MeasurementSeries, by agent: AgentID) {
        state.withLock { $0.queue.append(row, of: series, by: agent) }
        changes.update(())
    }

    /// Waits for the oldest batch; `nil` when there is none and will be none.
    ///
    /// Throws only `CancellationError`.
    func next() async throws -> MeasurementBatch? {
        while true {
            let version = changes.current.version
            if let batch = take() { return batch }
            if isFinished.load(ordering: .relaxed) { return nil }
            guard try await changes.next(after: version) != nil else { return nil }
        }
    }

    /// To be called once for each batch that was taken: it is stored, or never will be.
    func settle(_ batch: MeasurementBatch) {
        state.withLock { $0.inFlight -= batch.count }
        changes.update(())
    }

    /// Takes no more waiting: `next` hands out what is left, and then `nil`.
    func finish() {
        isFinished.store(true, ordering: .relaxed)
        changes.update(())
    }

    /// Waits until nothing is left.
    ///
    /// Throws only `CancellationError`.
    func untilEmpty() async throws {
        while true {
            let version = changes.current.version
            if depth == 0 { return }
            guard try await changes.next(after: version) != nil else { return }
        }
    }

    private func take() -> MeasurementBatch? {
        state.withLock { state in
            let batch = state.queue.takeFirst()
            state.inFlight += batch?.count ?? 0
            return batch
        }
    }
}
