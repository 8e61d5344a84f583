import Contracts
import Database
import JSONRPC
import ServiceTesting
import StoreService
import Synchronization
import Testing

/// What agents have sent, and what of it they were told is stored: to be compared with what is.
final class History: Sendable {
    private struct State {
        var batches: [MeasurementBatch] = []
        var sent: Set<String> = []
        var acknowledged: Set<String> = []
    }

    private let state = Mutex(State())

    var acknowledgedCount: Int { state.withLock { $0.acknowledged.count } }

    /// Takes note of batches that were sent by others.
    func note(_ batches: [MeasurementBatch], areAcknowledged: Bool) {
        let ids = batches.flatMap { $0.ids.map(\.description) }
        state.withLock { state in
            state.batches += batches
            state.sent.formUnion(ids)
            if areAcknowledged { state.acknowledged.formUnion(ids) }
        }
    }

    /// Sends a batch once; whether it was acknowledged.
    @discardableResult
    func send(_ batch: MeasurementBatch, to client: RPCClient) async -> Bool {
        let ids = Set(batch.ids.map(\.description))
        state.withLock { state in
            if !ids.isSubset(of: state.sent) { state.batches.append(batch) }
            state.sent.formUnion(ids)
        }
        guard let receipt = try? await client.call(.appendMeasurements, batch) else { return false }
        #expect(receipt.stored + receipt.duplicates == batch.count)
        state.withLock { $0.acknowledged.formUnion(ids) }
        return true
    }

    /// Sends everything again, as agents do whose acknowledgements were lost.
    func sendAgain(to client: RPCClient) async {
        for batch in state.withLock({ $0.batches }) {
            let isStored = await send(batch, to: client)
            #expect(isStored)
        }
    }

    /// Every row that was acknowledged is stored, once, and none that was never sent; and nothing is wrong beside.
    func check(_ store: StoreCase) async throws {
        let ids = try await storedIDs(store)
        let (sent, acknowledged) = state.withLock { ($0.sent, $0.acknowledged) }
        #expect(Set(ids).count == ids.count, "a row is stored twice")
        #expect(acknowledged.subtracting(ids).count == 0, "acknowledged rows are gone")
        #expect(Set(ids).subtracting(sent).count == 0, "rows are stored that nobody sent")
        let report = try await StoreCheck.run(
            on: store.database,
            retention: RetentionSettings(),
            now: store.time.now
        )
        #expect(report.faults == [])
        #expect(report.rows + report.waitingRows == ids.count)
    }

    private func storedIDs(_ store: StoreCase) async throws -> [String] {
        var ids: [String] = []
        let now = store.time.now
        var filter = MeasurementFilter(
            from: now.advanced(by: .seconds(-10 * 86_400)),
            to: now.advanced(by: .seconds(10 * 86_400)),
            limit: 10_000
        )
        repeat {
            let page = try await store.client.call(.listMeasurements, filter)
            ids += page.measurements.map(\.id.rawValue)
            filter.cursor = page.nextCursor
        } while filter.cursor != nil
        return ids
    }
}
