import Contracts
import JSON
import JSONRPC
import Synchronization

/// A store that keeps what it is sent, after it has refused the first few batches.
final class RecordingStore: Sendable {
    private struct State {
        var rows: [Measurement] = []
        var gaps: [Gap] = []
        var refusalsLeft: Int
    }

    private let state: Mutex<State>
    private let error: RPCError
    private let arrivals: AsyncStream<Measurement>
    private let feed: AsyncStream<Measurement>.Continuation

    init(refusing count: Int = 0, with error: RPCError = RPCError(.busy, "later", data: ["retry_after_ms": 1])) {
        state = Mutex(State(refusalsLeft: count))
        self.error = error
        (arrivals, feed) = AsyncStream.makeStream()
    }

    var rows: [Measurement] { state.withLock { $0.rows } }
    var gaps: [Gap] { state.withLock { $0.gaps } }
    var refusalsLeft: Int { state.withLock { $0.refusalsLeft } }

    func append(_ batch: MeasurementBatch) throws -> AppendReceipt {
        let rows = (0..<batch.count).map(batch.row)
        try state.withLock { state in
            guard state.refusalsLeft == 0 else {
                state.refusalsLeft -= 1
                throw error
            }
            state.rows += rows
        }
        for row in rows { feed.yield(row) }
        return AppendReceipt(stored: batch.count, duplicates: 0, durability: "normal")
    }

    func note(_ gap: Gap) -> Empty {
        state.withLock { $0.gaps.append(gap) }
        return Empty()
    }

    /// Waits for a row; to be called by one task at a time.
    func row(where isWanted: (Measurement) -> Bool) async throws -> Measurement {
        for await row in arrivals where isWanted(row) { return row }
        throw CancellationError()
    }
}
