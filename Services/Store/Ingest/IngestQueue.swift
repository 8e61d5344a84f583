import Contracts
import JSON
import JSONRPC
import Lifecycle
import Synchronization

/// Batches that wait to be written, and those who wait for them.
final class IngestQueue: Sendable {
    /// Batches that come together, and are answered together.
    struct Entry: Sendable {
        let batches: [IncomingBatch]
        let answer: CheckedContinuation<[AppendTransaction.Outcome], any Error>

        var rows: Int { batches.reduce(0) { $0 + $1.batch.count } }
        var bytes: Int { batches.reduce(0) { $0 + $1.json.count } }
    }

    private struct State {
        var entries: [Entry] = []
        var rows = 0
        var bytes = 0
        /// Rows and bytes that a transaction has at work, which are still in memory.
        var rowsAtWork = 0
        var bytesAtWork = 0
        var isClosed = false
    }

    private let limits: IngestLimits
    private let state = Mutex(State())
    /// Gets a new version when something is added.
    private let arrivals = Latest(())

    init(_ limits: IngestLimits) { self.limits = limits }

    /// Rows that are not durable yet.
    var depth: Int { state.withLock { $0.rows + $0.rowsAtWork } }

    /// Throws `busy` when there is no room for a batch of so many rows and bytes.
    func checkRoom(rows: Int, bytes: Int) throws(RPCError) {
        let isFull = state.withLock { state in
            state.rows + state.rowsAtWork + rows > limits.queueRows
                || state.bytes + state.bytesAtWork + bytes > limits.queueBytes
        }
        if isFull { throw Self.busy }
    }

    static let busy = RPCError(.busy, "too many measurements wait to be stored", data: ["retry_after_ms": 250])

    /// Waits until the batches are durable; returns what became of each.
    func append(_ batches: [IncomingBatch]) async throws -> [AppendTransaction.Outcome] {
        try await withCheckedThrowingContinuation { answer in
            let isClosed = state.withLock { state in
                guard !state.isClosed else { return true }
                let entry = Entry(batches: batches, answer: answer)
                state.entries.append(entry)
                state.rows += entry.rows
                state.bytes += entry.bytes
                return false
            }
            if isClosed { return answer.resume(throwing: Self.closed) }
            arrivals.update(())
        }
    }

    /// The batches for the next transaction, as soon as there are any; the ones taken before are done with.
    func next() async throws -> [Entry] {
        while true {
            let version = arrivals.current.version
            let entries = take()
            if !entries.isEmpty { return entries }
            _ = try await arrivals.next(after: version)
        }
    }

    private func take() -> [Entry] {
        state.withLock { state in
            var rows = 0
            let count = state.entries.prefix { entry in
                defer { rows += entry.rows }
                return rows == 0 || rows + entry.rows <= limits.transactionRows
            }.count
            let entries = Array(state.entries.prefix(count))
            state.entries.removeFirst(count)
            state.rowsAtWork = entries.reduce(0) { $0 + $1.rows }
            state.bytesAtWork = entries.reduce(0) { $0 + $1.bytes }
            state.rows -= state.rowsAtWork
            state.bytes -= state.bytesAtWork
            return entries
        }
    }

    /// Refuses what waits and what comes.
    func close() {
        let entries = state.withLock { state in
            state.isClosed = true
            defer { state.entries = [] }
            return state.entries
        }
        for entry in entries { entry.answer.resume(throwing: Self.closed) }
    }

    private static let closed = RPCError(.unavailable, "the store is stopping")
}
