import Contracts
import JSON
import JSONRPC
import JSONRPCTransport
import Observability

/// Sends what the spool holds to the store, each batch until it is acknowledged.
///
/// What has just come and what was left behind go side by side, the latter at a bounded pace.
struct MeasurementSender: Sendable {
    private static let timeout = Duration.seconds(10)

    let spool: Spool
    let store: RPCClient
    let settings: DeliverySettings
    let clock: any Clock<Duration>
    let log: Log
    private let delivered: CounterFamily
    private let retries: CounterFamily

    init(
        _ spool: Spool,
        to store: RPCClient,
        _ settings: DeliverySettings,
        clock: any Clock<Duration>,
        log: Log,
        metrics: Metrics
    ) {
        self.spool = spool
        self.store = store
        self.settings = settings
        self.clock = clock
        self.log = log
        delivered = metrics.counter(
            "sonde_agent_rows_total",
            "Measurements that the store answered for, by outcome.",
            labels: ["outcome"]
        )
        retries = metrics.counter("sonde_agent_resent_batches_total", "Batches that had to be sent again.")
    }

    /// Runs until it is cancelled.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<settings.batchesInFlight {
                group.addTask {
                    while true { try await deliver(try await spool.next(.live)) }
                }
            }
            group.addTask { try await catchUp() }
            try await group.waitForAll()
        }
    }

    /// Sends what was left behind, no faster than so many rows a second.
    private func catchUp() async throws {
        while true {
            let batch = try await spool.next(.backlog)
            let start = ContinuousClock.now
            try await deliver(batch)
            let share = Duration.seconds(1) * batch.batch.count / settings.catchUpRows
            try await clock.sleep(for: max(.zero, share - start.duration(to: .now)))
        }
    }

    private func deliver(_ spooled: SpooledBatch) async throws {
        var batch = spooled.batch
        do {
            try await send(&batch)
        } catch {
            await spool.restore(spooled, unsent: batch)
            throw error
        }
        await spool.settle(spooled)
    }

    /// Leaves in `batch` what was not refused; throws only `CancellationError`.
    private func send(_ batch: inout MeasurementBatch) async throws {
        var retry = StoreRetry(clock: clock)
        while batch.count > 0 {
            do {
                let receipt = try await store.call(.appendMeasurements, batch, timeout: Self.timeout)
                delivered("stored").increment(by: receipt.stored)
                delivered("duplicate").increment(by: receipt.duplicates)
                break
            } catch let error as RPCError where error.code == .invalidParams || error.code == .conflict {
                // It would be refused for ever, and everything behind it would wait.
                let refused = batch.removeRefused(by: error)
                log.error("the store refused measurements", ["error": error.message, "rows": "\(refused.count)"])
                delivered("refused").increment(by: refused.count)
                await spool.lose([refused], .refused)
            } catch {
                if retry.isFirst { log.warning("the store did not take measurements", ["error": "\(error)"]) }
                retries().increment()
                try await retry.wait(after: error)
            }
        }
    }
}

extension MeasurementBatch {
    /// Takes out the row that a store found fault with, and returns it; everything when it did not say which.
    fileprivate mutating func removeRefused(by error: RPCError) -> MeasurementBatch {
        var refused = self
        if case .int(let row) = error.data?["row"], columns.series.indices.contains(row) {
            refused.columns = columns.filtered { $0 == row ? columns.series[$0] : nil }
            columns = columns.filtered { $0 == row ? nil : columns.series[$0] }
        } else {
            columns = MeasurementColumns()
        }
        return refused
    }
}
