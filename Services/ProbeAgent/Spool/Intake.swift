import Contracts
import Lifecycle
import Synchronization

/// Measurements on their way to the disk, in memory and bounded.
final class Intake: Sendable {
    private let queue: Mutex<MeasurementQueue>
    /// Gets a new version when there is something after there was nothing.
    let arrivals = Latest(())

    init(_ queue: MeasurementQueue) {
        self.queue = Mutex(queue)
    }

    var rows: Int { queue.withLock { $0.rows } }

    var hasRoom: Bool { queue.withLock { $0.hasRoom } }

    /// Makes room where there is none, and returns what had to go.
    func append(_ row: MeasurementRow, of series: MeasurementSeries, by agent: AgentID) -> [MeasurementBatch] {
        let (wasEmpty, dropped) = queue.withLock { queue in
            let isEmpty = queue.rows == 0
            return (isEmpty, queue.append(row, of: series, by: agent))
        }
        if wasEmpty { arrivals.update(()) }
        return dropped
    }

    /// The oldest batches, of about so many bytes; none when there is nothing.
    func take(bytes: Int) -> [MeasurementBatch] {
        queue.withLock { $0.takeFirst(bytes: bytes) }
    }

    /// Puts back what was taken before all that is here.
    func restore(_ batches: [MeasurementBatch]) {
        queue.withLock { $0.restore(batches) }
        arrivals.update(())
    }
}
